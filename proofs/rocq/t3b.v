(** T3b: linear memory that does not expand has a price beyond d steps, and it is worthless from 2^d steps on. *)

From Coq Require Import Reals List Lra Lia Binomial Classical.
From Coquelicot Require Import Complex.
From Recall Require Import definitions statements basics linear algebra t3.
Import ListNotations.
Open Scope R_scope.

Local Notation binomial := Binomial.C.

(** * Sums of complex numbers *)

Fixpoint csum (n : nat) (f : nat -> C) : C := match n with O => RtoC 0 | S m => (csum m f + f m)%C end.

Lemma csum_ext n f g : (forall k, (k < n)%nat -> f k = g k) -> csum n f = csum n g.
Proof. induction n as [|n IH]; simpl; intros H; [reflexivity|]. now rewrite IH, (H n) by auto with arith. Qed.

Lemma csum_combine n a f g : csum n (fun k => f k - a * g k)%C = (csum n f - a * csum n g)%C.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH. ring. Qed.

Lemma csum_split m n f : csum (m + n) f = (csum m f + csum n (fun k => f (m + k)%nat))%C.
Proof.
  induction n as [|n IH]; simpl; [rewrite Nat.add_0_r; ring|]. rewrite Nat.add_succ_r. simpl. rewrite IH. ring.
Qed.

Lemma csum_mod n f : Cmod (csum n f) <= sum n (fun k => Cmod (f k)).
Proof.
  induction n as [|n IH]; simpl; [rewrite Cmod_0; lra|]. eapply Rle_trans; [apply Cmod_triangle|]. lra.
Qed.

Lemma fst_csum n f : fst (csum n f) = sum n (fun k => fst (f k)).
Proof. induction n as [|n IH]; cbn [csum sum]; [reflexivity|]. now rewrite <- IH. Qed.

(** * What a factor (A - p) does to a response: g_k becomes g_(k+1) - p g_k *)

Fixpoint factors (l : list C) (g : nat -> C) (k : nat) : C :=
  match l with [] => g k | p :: rest => (factors rest g (S k) - p * factors rest g k)%C end.

Lemma factors_combine l a m g k :
  factors l (fun j => g (j + m)%nat - a * g j)%C k = (factors l g (k + m)%nat - a * factors l g k)%C.
Proof.
  revert k. induction l as [|p l IH]; intros k; cbn [factors]; [reflexivity|]. rewrite !IH. simpl. ring.
Qed.

(** A polynomial in the shift: a_0 g_k + a_1 g_(k+1) + ... *)
Fixpoint applied (l : list C) (g : nat -> C) (k : nat) : C :=
  match l with [] => RtoC 0 | a :: rest => (a * g k + applied rest g (S k))%C end.

Lemma applied_division l p g k :
  applied l g k = (applied (quotient l p) g (S k) - p * applied (quotient l p) g k + value l p * g k)%C.
Proof.
  revert k. induction l as [|a [|c rest] IH]; intros k; [simpl; ring|simpl; ring|].
  change (quotient (a :: c :: rest) p) with (value (c :: rest) p :: quotient (c :: rest) p).
  change (applied (a :: c :: rest) g k) with (a * g k + applied (c :: rest) g (S k))%C.
  change (value (a :: c :: rest) p) with (a + p * value (c :: rest) p)%C. rewrite IH. cbn [applied]. ring.
Qed.

(** A monic polynomial is the product of its roots' factors. *)
Lemma factorisation n : forall l, length l = S n -> monic l -> exists ps, length ps = n /\
  (forall p, In p ps -> value l p = RtoC 0) /\ forall g k, applied l g k = factors ps g k.
Proof.
  induction n as [|n IH]; intros l Hl Hm.
  - exists []. split; [reflexivity|]. split; [intros p []|]. intros g k.
    destruct l as [|a [|? ?]]; simpl in Hl; try lia. unfold monic in Hm. simpl in *. rewrite Hm. ring.
  - destruct (has_root l ltac:(lia) Hm) as [p Hp].
    destruct (IH (quotient l p) ltac:(rewrite quotient_length; lia) (quotient_monic l p ltac:(lia) Hm)) as (ps & L & Roots & E).
    exists (p :: ps). split; [simpl; lia|]. split.
    + intros z [<-|Hz]; [exact Hp|]. rewrite (division l p z), (Roots z Hz), Hp. ring.
    + intros g k. rewrite (applied_division l p g k), Hp, !E. cbn [factors]. ring.
Qed.

(** * Eigenvalues *)

Definition times (d : nat) (A : matrix) (v : nat -> C) : nat -> C := fun k =>
  (dot d (A k) (fun j => fst (v j)), dot d (A k) (fun j => snd (v j))).

Definition eigenvalue (d : nat) (A : matrix) (p : C) : Prop := exists v,
  (exists k, (k < d)%nat /\ v k <> RtoC 0) /\ forall k, (k < d)%nat -> times d A v k = (p * v k)%C.

Lemma eigenvalue_small d A p : non_expanding d A -> eigenvalue d A p -> Cmod p <= 1.
Proof.
  intros Non (v & (k & Hk & N) & E). unfold Cmod. rewrite <- sqrt_1. apply sqrt_le_1_alt.
  apply (Non _ _ (fun j => fst (v j)) (fun j => snd (v j))).
  - exists k. split; [exact Hk|]. destruct (Req_dec (fst (v k)) 0) as [F|F]; [right|now left]. intros S. apply N.
    apply injective_projections; assumption.
  - intros j Hj. specialize (E j Hj). unfold times, Cmult in E. apply pair_equal_spec in E. destruct E as [-> ->]. split; ring.
Qed.

Section matrix.
Variables (d : nat) (w : elman).
Local Notation A := (W (elman_h w)).

Lemma dot_pair (v : vector) (a : C) (f g : nat -> C) :
  (dot d v (fun j => fst (a * f j + g j)%C), dot d v (fun j => snd (a * f j + g j)%C)) =
  (a * (dot d v (fun j => fst (f j)), dot d v (fun j => snd (f j))) + (dot d v (fun j => fst (g j)),
    dot d v (fun j => snd (g j))))%C.
Proof.
  unfold Cplus, Cmult. cbn [fst snd]. unfold dot.
  apply injective_projections; cbn [fst snd]; (induction d as [|m IH]; cbn [sum]; [ring|rewrite IH; ring]).
Qed.

(** The states A^k B as complex vectors, and a polynomial of them. *)
Definition state (i k : nat) : C := RtoC (power d w k i).

Definition combined (l : list C) (k i : nat) : C := applied l (state i) k.

Lemma next l k i : combined l (S k) i = times d A (combined l k) i.
Proof.
  revert k. induction l as [|a l IH]; intros k.
  - unfold combined, times; cbn [applied fst snd]. unfold RtoC. f_equal; symmetry; apply sum_zero; intros; cbn; ring.
  - change (combined (a :: l) (S k) i) with (a * state i (S k) + combined l (S (S k)) i)%C. rewrite IH.
    unfold times at 2. change (fun j => fst (combined (a :: l) k j)) with (fun j => fst (a * state j k + combined l (S k) j)%C).
    change (fun j => snd (combined (a :: l) k j)) with (fun j => snd (a * state j k + combined l (S k) j)%C).
    rewrite (dot_pair (A i) a (fun j => state j k) (combined l (S k))). f_equal. f_equal.
    unfold state, RtoC; cbn [fst snd power]. f_equal. symmetry. apply sum_zero. intros; ring.
Qed.

(** Poles that annihilate the states, all of them eigenvalues. *)
Lemma poles n : forall l, length l = S n -> monic l -> (forall k i, (i < d)%nat -> combined l k i = RtoC 0) ->
  exists ps, (length ps <= n)%nat /\ (forall p, In p ps -> eigenvalue d A p) /\
  forall k i, (i < d)%nat -> factors ps (state i) k = RtoC 0.
Proof.
  induction n as [n IH] using (well_founded_induction Wf_nat.lt_wf). intros l Hl Hm Z.
  destruct (classic (exists p, value l p = RtoC 0 /\ ~ eigenvalue d A p)) as [(p & Root & No)|All].
  - destruct n as [|n].
    + exfalso. destruct l as [|a [|? ?]]; simpl in Hl; try lia. unfold monic in Hm. simpl in Hm, Root. rewrite Hm in Root.
      replace (RtoC 1 + p * RtoC 0)%C with (RtoC 1) in Root by ring. injection Root. lra.
    + destruct (IH n ltac:(lia) (quotient l p)) as (ps & L & E & F).
      * rewrite quotient_length. lia.
      * apply quotient_monic; [lia|assumption].
      * intros k. set (v := combined (quotient l p) k).
        assert (Eigen : forall i, (i < d)%nat -> times d A v i = (p * v i)%C).
        { intros i Hi. unfold v. rewrite <- next. specialize (Z k i Hi). unfold combined in Z.
        rewrite (applied_division l p), Root in Z.
          unfold combined. set (x := applied _ _ (S k)) in *. set (y := applied _ _ k) in *.
          replace x with (x - p * y + RtoC 0 * state i k + p * y)%C by ring. rewrite Z. ring. }
        intros i Hi. apply NNPP. intros N. apply No. exists v. split; [now exists i|exact Eigen].
      * exists ps. split; [lia|]. split; assumption.
  - destruct (factorisation n l Hl Hm) as (ps & L & Roots & E). exists ps. split; [lia|]. split.
    + intros p Hp. apply NNPP. intros N. apply All. exists p. split; [now apply Roots|exact N].
    + intros k i Hi. rewrite <- E. now apply Z.
Qed.

Lemma applied_listed (f : nat -> C) n : forall a g k,
  applied (map f (seq a n)) g k = csum n (fun j => f (a + j)%nat * g (k + j)%nat)%C.
Proof.
  induction n as [|n IH]; intros a g k; [reflexivity|]. cbn [seq map applied]. rewrite IH.
  change (S n) with (1 + n)%nat. rewrite csum_split. cbn [csum]. rewrite !Nat.add_0_r, Cplus_0_l. f_equal.
  apply csum_ext. intros j _. now replace (a + (1 + j))%nat with (S a + j)%nat by lia;
    replace (k + (1 + j))%nat with (S k + j)%nat by lia.
Qed.

Lemma csum_real n (f g : nat -> R) : csum n (fun j => RtoC (f j) * RtoC (g j))%C = RtoC (sum n (fun j => f j * g j)).
Proof. induction n as [|n IH]; simpl; [reflexivity|]. now rewrite IH, <- RtoC_mult, <- RtoC_plus. Qed.

Lemma annihilated : exists n l, (n <= d)%nat /\ length l = S n /\ monic l /\ forall k i, (i < d)%nat -> combined l k i = RtoC 0.
Proof.
  destruct (dependent d (power d w)) as (c & (j0 & Hj0 & C0) & D).
  assert (Top : exists n, (n <= d)%nat /\ c n <> 0 /\ forall j, (n < j <= d)%nat -> c j = 0).
  { assert (H : forall m, (m <= d)%nat -> (exists n, (n <= d)%nat /\ c n <> 0 /\ forall j, (n < j <= d)%nat -> c j = 0) \/
      forall j, (d - m <= j <= d)%nat -> c j = 0).
    { induction m as [|m IH]; intros Hm.
      - destruct (Req_dec (c d) 0) as [Z|N]; [right; intros j Hj; now replace j with d by lia|left; exists d; repeat split; auto;
          lia].
      - destruct (IH ltac:(lia)) as [Found|Z]; [now left|]. destruct (Req_dec (c (d - S m)%nat) 0) as [Z'|N].
        + right. intros j Hj. destruct (Nat.eq_dec j (d - S m)) as [->|]; [assumption|apply Z; lia].
        + left. exists (d - S m)%nat. split; [lia|]. split; [exact N|]. intros j Hj. apply Z. lia. }
    destruct (H d ltac:(lia)) as [Found|Z]; [exact Found|]. exfalso. apply C0, Z. lia. }
  destruct Top as (n & Hn & Cn & Above).
  exists n, (map (fun j => RtoC (c j / c n)) (seq 0 (S n))). split; [exact Hn|]. split; [now rewrite map_length, seq_length|].
  split.
  - unfold monic. rewrite seq_S, map_app. cbn [map]. rewrite last_last. simpl. f_equal. field. exact Cn.
  - intros k i Hi. unfold combined. rewrite applied_listed. unfold state. cbn [Nat.add].
    rewrite csum_real. f_equal.
    pose proof (dependent_later d w c D) as All.
    specialize (All k i Hi). replace (S d) with (S n + (d - n))%nat in All by lia. rewrite sum_split in All.
    rewrite (sum_zero (d - n)) in All by (intros j Hj; rewrite Above by lia; lra).
    rewrite (sum_ext _ _ (fun j => / c n * (c j * power d w (k + j) i))) by (intros; field; exact Cn). rewrite sum_scale.
    replace (sum (S n) (fun j => c j * power d w (k + j) i)) with 0 by lra. ring.
Qed.

Lemma responses ps : (forall k i, (i < d)%nat -> factors ps (state i) k = RtoC 0) ->
  forall k, factors ps (fun j => RtoC (response d w j)) k = RtoC 0.
Proof.
  intros Z k. set (v := V (elman_out w)).
  assert (E : forall k, factors ps (fun j => RtoC (response d w j)) k =
    (dot d v (fun i => fst (factors ps (state i) k)), dot d v (fun i => snd (factors ps (state i) k)))).
  { clear Z k. induction ps as [|p l IH]; intros k; cbn [factors].
    - unfold state, RtoC, response; cbn [fst snd]. f_equal. symmetry. apply sum_zero. intros; ring.
    - rewrite !IH. rewrite (dot_eq d v (fun i => fst (factors l (state i) (S k) - _)%C)
        (fun i => fst (- p * factors l (state i) k + factors l (state i) (S k))%C))
        by (intros; f_equal; ring).
      rewrite (dot_eq d v (fun i => snd (factors l (state i) (S k) - _)%C)
        (fun i => snd (- p * factors l (state i) k + factors l (state i) (S k))%C))
        by (intros; f_equal; ring).
      rewrite (dot_pair v (- p)%C (fun i => factors l (state i) k) (fun i => factors l (state i) (S k))). ring. }
  rewrite E. unfold RtoC. f_equal; apply sum_zero; intros i Hi; rewrite (Z k i Hi); cbn; ring.
Qed.

(** The responses of a network that does not expand satisfy the recurrence of d poles in the unit disk. *)
Lemma recurrence : non_expanding d A -> exists ps, length ps = d /\ Forall (fun p => Cmod p <= 1) ps /\
  forall k, factors ps (fun j => RtoC (response d w j)) k = RtoC 0.
Proof.
  intros Non. destruct annihilated as (n & l & Hn & Hl & Hm & Z). destruct (poles n l Hl Hm Z) as (ps & L & E & F).
  exists (repeat (RtoC 0) (d - length ps) ++ ps). split; [rewrite app_length, repeat_length; lia|]. split.
  - apply Forall_app. split.
    + apply Forall_forall. intros p Hp. apply repeat_spec in Hp. subst p. rewrite Cmod_0. lra.
    + apply Forall_forall. intros p Hp. now apply (eigenvalue_small d A), E.
  - pose proof (responses ps F) as R0. induction (d - length ps)%nat as [|m IH]; [exact R0|].
    intros k. cbn [repeat app factors]. rewrite !IH. ring.
Qed.
End matrix.

(** * Recurrences with bounded coefficients *)

(** Of m + 1 terms the last is at most H times the sum of those before it. *)
Lemma last_term (q : nat -> C) (g : nat -> R) m s H : q m = RtoC 1 -> (forall j, Cmod (q j) <= H) -> 0 <= H ->
  csum (S m) (fun j => q j * RtoC (g (s + j)%nat))%C = RtoC 0 -> Rabs (g (s + m)%nat) <= H * sum (s + m) (fun j => Rabs (g j)).
Proof.
  intros One B Hpos Z. cbn [csum] in Z. rewrite One in Z.
  assert (E : RtoC (g (s + m)%nat) = (- csum m (fun j => q j * RtoC (g (s + j)%nat)))%C).
  { set (c := csum m _) in *. replace (RtoC (g (s + m)%nat)) with (c + RtoC 1 * RtoC (g (s + m)%nat) - c)%C by ring. rewrite Z.
  ring. }
  rewrite <- Cmod_R, E, Cmod_opp. eapply Rle_trans; [apply csum_mod|].
  rewrite sum_split. apply Rle_trans with (H * sum m (fun j => Rabs (g (s + j)%nat))).
  - rewrite <- sum_scale. apply sum_le. intros j _. rewrite Cmod_mult, Cmod_R. apply Rmult_le_compat_r; [apply Rabs_pos|apply B].
  - apply Rmult_le_compat_l; [exact Hpos|]. pose proof (sum_nonneg s (fun j => Rabs (g j)) ltac:(intros; apply Rabs_pos)). lra.
Qed.

Lemma floor_of_error d w m M delta H : 1 <= H -> 0 <= M ->
  Rabs (response d w m) <= H * sum m (fun j => Rabs (response d w j)) ->
  recalls_at delta (box M) (S m) (linear_output d w) -> M <= H * delta.
Proof.
  intros HH HM G Rec. apply error_response in Rec; [|exact HM].
  pose proof (sum_nonneg m (fun j => Rabs (response d w j)) ltac:(intros; apply Rabs_pos)) as S0.
  pose proof (Rabs_triang_inv 1 (response d w m)) as T. rewrite Rabs_R1, Rabs_minus_sym in T.
  pose proof (Rabs_pos (response d w m - 1)) as A. set (e := Rabs (response d w m - 1)) in *. clearbody e.
  set (s := sum m _) in *. clearbody s. assert (1 <= H * (s + e)) by nra. nra.
Qed.

(** The product of the factors: coefficient j is at most C(m, j). *)
Fixpoint choose (n j : nat) : R :=
  match n, j with
  | O, O => 1
  | O, S _ => 0
  | S n', O => choose n' O
  | S n', S j' => choose n' j' + choose n' (S j')
  end.

Lemma choose_beyond n : forall j, (n < j)%nat -> choose n j = 0.
Proof. induction n as [|n IH]; intros [|j] Hj; try lia; cbn [choose]; [reflexivity|]. rewrite !IH by lia. lra. Qed.

Lemma choose_0 n : choose n 0 = 1.
Proof. induction n as [|n IH]; [reflexivity|exact IH]. Qed.

Lemma C_full n : binomial n n = 1.
Proof. unfold Binomial.C. rewrite Nat.sub_diag. simpl fact at 3. simpl INR at 3. field. apply INR_fact_neq_0. Qed.

Lemma C_none n : binomial n 0 = 1.
Proof. unfold Binomial.C. rewrite Nat.sub_0_r. simpl fact at 2. simpl INR at 2. field. apply INR_fact_neq_0. Qed.

Lemma choose_C n : forall j, (j <= n)%nat -> choose n j = binomial n j.
Proof.
  induction n as [|n IH]; intros [|j] Hj; try lia.
  - now rewrite C_none.
  - now rewrite choose_0, C_none.
  - cbn [choose]. destruct (Nat.eq_dec j n) as [->|].
    + rewrite (choose_beyond n (S n)) by lia. rewrite IH, !C_full by lia. lra.
    + rewrite !IH by lia. apply pascal. lia.
Qed.

Lemma C_positive n j : 0 < binomial n j.
Proof.
  unfold Binomial.C. apply Rmult_lt_0_compat; [apply INR_fact_lt_0|]. apply Rinv_0_lt_compat.
  apply Rmult_lt_0_compat; apply INR_fact_lt_0.
Qed.

Lemma C_climbs n j : (2 * j + 1 <= n)%nat -> binomial n j <= binomial n (S j).
Proof.
  intros H. rewrite (pascal_step3 n j) by lia. pose proof (C_positive n j) as P.
  assert (I : INR (S j) <= INR (n - j)) by (apply le_INR; lia). assert (0 < INR (S j)) by (apply lt_0_INR; lia).
  assert (1 <= INR (n - j) / INR (S j)).
  { apply Rmult_le_reg_r with (INR (S j)); [assumption|].
  replace (INR (n - j) / INR (S j) * INR (S j)) with (INR (n - j)) by (field; lra). lra. }
  nra.
Qed.

Lemma C_central n j : (j <= n)%nat -> binomial n j <= binomial n (n / 2).
Proof.
  assert (Half : (2 * (n / 2) <= n < 2 * (n / 2) + 2)%nat) by (pose proof (Nat.div_mod n 2 ltac:(lia));
    pose proof (Nat.mod_upper_bound n 2 ltac:(lia)); lia).
  assert (Low : forall k i, (i + k = n / 2)%nat -> binomial n i <= binomial n (n / 2)).
  { induction k as [|k IH]; intros i Hi; [rewrite Nat.add_0_r in Hi; subst; lra|].
    eapply Rle_trans; [apply C_climbs; lia|]. apply IH. lia. }
  intros Hj. destruct (Nat.le_gt_cases j (n / 2)) as [L|G]; [apply (Low (n / 2 - j)%nat); lia|].
  rewrite pascal_step1 by exact Hj. apply (Low (n / 2 - (n - j))%nat). lia.
Qed.

Lemma choose_central n j : choose n j <= binomial n (n / 2).
Proof.
  destruct (Nat.le_gt_cases j n) as [L|G]; [rewrite choose_C by exact L; now apply C_central|].
  rewrite choose_beyond by exact G. left. apply C_positive.
Qed.

Lemma product l : Forall (fun p => Cmod p <= 1) l -> exists q : nat -> C,
  q (length l) = RtoC 1 /\ (forall j, Cmod (q j) <= choose (length l) j) /\
  forall g k, factors l g k = csum (S (length l)) (fun j => q j * g (k + j)%nat)%C.
Proof.
  induction 1 as [|p l Hp _ (q & Q1 & Q2 & Q3)]; cbn [length].
  - exists (fun j => match j with O => RtoC 1 | _ => RtoC 0 end). split; [reflexivity|]. split.
    + intros [|j]; cbn [choose]; [rewrite Cmod_1|rewrite Cmod_0]; lra.
    + intros g k. cbn [factors csum]. rewrite Nat.add_0_r. ring.
  - assert (Beyond : q (S (length l)) = RtoC 0).
    { specialize (Q2 (S (length l))). rewrite choose_beyond in Q2 by lia. apply Cmod_eq_0.
    pose proof (Cmod_ge_0 (q (S (length l)))). lra. }
    exists (fun j => match j with O => - p * q O | S i => q i - p * q (S i) end)%C. split; [|split].
    + rewrite Q1, Beyond. ring.
    + intros [|j]; cbn [choose].
      * rewrite Cmod_mult, Cmod_opp. specialize (Q2 O). pose proof (Cmod_ge_0 (q O)). pose proof (Cmod_ge_0 p). nra.
      * pose proof (Q2 j). pose proof (Q2 (S j)). pose proof (Cmod_ge_0 (q (S j))). pose proof (Cmod_ge_0 p).
        eapply Rle_trans; [apply Cmod_triangle|]. rewrite Cmod_opp, Cmod_mult. nra.
    + intros g k. cbn [factors]. rewrite !Q3.
      assert (Head : forall n f, csum (S n) f = (f O + csum n (fun j => f (S j)))%C).
      { intros n f. change (S n) with (1 + n)%nat. rewrite csum_split. cbn [csum]. rewrite Cplus_0_l. reflexivity. }
      rewrite (Head (S (length l))).
      rewrite (csum_ext (S (length l)) (fun j => (q j - p * q (S j)) * g (k + S j)%nat)%C
        (fun j => q j * g (S k + j)%nat - p * (q (S j) * g (k + S j)%nat))%C)
        by (intros j _; replace (k + S j)%nat with (S k + j)%nat by lia; ring).
      rewrite csum_combine, (Head (length l) (fun j => q j * g (k + j)%nat)%C).
      cbn [csum]. rewrite Beyond. ring.
Qed.

Theorem beyond : T3b.
Proof.
  intros d w n M delta Hn HM Non Rec. destruct (recurrence d w Non) as (ps & Len & Small & Zero).
  destruct (product ps Small) as (q & Q1 & Q2 & Q3). rewrite Len in *.
  assert (H1 : 1 <= binomial d (d / 2)) by (rewrite <- (C_none d); apply C_central; lia).
  enough (G : M <= binomial d (d / 2) * delta).
  { apply Rmult_le_reg_r with (binomial d (d / 2)); [lra|].
  replace (M / binomial d (d / 2) * binomial d (d / 2)) with M by (field; lra). lra. }
  destruct n as [|m]; [lia|]. apply (floor_of_error d w m M delta); [exact H1|exact HM| |exact Rec].
  replace m with (m - d + d)%nat by lia. apply (last_term q); [exact Q1| |lra|].
  - intros j. eapply Rle_trans; [apply Q2|apply choose_central].
  - rewrite <- (Q3 (fun j => RtoC (response d w j))). apply Zero.
Qed.

(** * A multiple of the product with coefficients in the unit disk: the product of z^(2^i) - p_i^(2^i) *)

Lemma turned p (G : nat -> C) : (forall k, G (S k) - p * G k = RtoC 0)%C -> forall m k, G (k + m)%nat = (cpow p m * G k)%C.
Proof.
  intros H m k. induction m as [|m IH]; [rewrite Nat.add_0_r; simpl; ring|].
  rewrite Nat.add_succ_r. specialize (H (k + m)%nat).
  replace (G (S (k + m))) with (G (S (k + m)) - p * G (k + m)%nat + p * G (k + m)%nat)%C by ring. rewrite H, IH. simpl. ring.
Qed.

Lemma power_mod p m : Cmod p <= 1 -> Cmod (cpow p m) <= 1.
Proof.
  intros H. induction m as [|m IH]; simpl; [rewrite Cmod_1; lra|]. rewrite Cmod_mult.
  pose proof (Cmod_ge_0 p). pose proof (Cmod_ge_0 (cpow p m)). nra.
Qed.

Lemma multiple l : Forall (fun p => Cmod p <= 1) l -> exists q : nat -> C,
  q (2 ^ length l - 1)%nat = RtoC 1 /\ (forall j, Cmod (q j) <= 1) /\
  forall g, (forall k, factors l g k = RtoC 0) -> forall k, csum (2 ^ length l) (fun j => q j * g (k + j)%nat)%C = RtoC 0.
Proof.
  induction 1 as [|p l Hp _ (q & Q1 & Q2 & Q3)].
  - exists (fun _ => RtoC 1). split; [reflexivity|]. split; [intros _; rewrite Cmod_1; lra|].
    intros g H k. cbn. specialize (H k). cbn [factors] in H. rewrite Nat.add_0_r, H. ring.
  - set (m := (2 ^ length l)%nat) in *.
    assert (Hm : (1 <= m)%nat) by (unfold m; pose proof (Nat.pow_nonzero 2 (length l) ltac:(lia)); lia).
    exists (fun j => if Nat.ltb j m then - cpow p m * q j else q (j - m)%nat)%C.
    replace (2 ^ length (p :: l))%nat with (m + m)%nat by (cbn [length Nat.pow]; unfold m; lia). split; [|split].
    + replace (Nat.ltb (m + m - 1) m) with false by (symmetry; apply Nat.ltb_ge; lia).
      replace (m + m - 1 - m)%nat with (m - 1)%nat by lia. exact Q1.
    + intros j. destruct (Nat.ltb j m); [|apply Q2]. rewrite Cmod_mult, Cmod_opp.
      pose proof (power_mod p m Hp). pose proof (Q2 j). pose proof (Cmod_ge_0 (cpow p m)). pose proof (Cmod_ge_0 (q j)). nra.
    + intros g Z k. rewrite csum_split.
      assert (F : forall k, factors l (fun j => g (j + m)%nat - cpow p m * g j)%C k = RtoC 0).
      { intros k'. rewrite factors_combine, (turned p (factors l g) Z). ring. }
      rewrite <- (Q3 _ F k).
      rewrite (csum_ext m (fun j => q j * _)%C (fun j => q j * g (k + (m + j))%nat - cpow p m * (q j * g (k + j)%nat))%C)
        by (intros j _; replace (k + j + m)%nat with (k + (m + j))%nat by lia; ring).
      rewrite csum_combine.
      rewrite (csum_ext m (fun k0 => (if Nat.ltb (m + k0) m then _ else _) * _)%C (fun j => q j * g (k + (m + j))%nat)%C).
      * rewrite (csum_ext m (fun j => (if Nat.ltb j m then _ else _) * _)%C (fun j => RtoC 0 - cpow p m * (q j * g (k + j)%nat))%C).
        -- rewrite csum_combine. assert (Z0 : csum m (fun _ => RtoC 0) = RtoC 0) by (clear; induction m as [|m IH]; cbn;
             [reflexivity|rewrite IH; ring]).
           rewrite Z0. ring.
        -- intros j Hj. replace (Nat.ltb j m) with true by (symmetry; now apply Nat.ltb_lt). ring.
      * intros j _. replace (Nat.ltb (m + j) m) with false by (symmetry; apply Nat.ltb_ge; lia).
        now replace (m + j - m)%nat with j by lia.
Qed.

Lemma worthless_soon d w n M delta : (2 ^ d <= n)%nat -> 0 <= M -> non_expanding d (W (elman_h w)) ->
  recalls_at delta (box M) n (linear_output d w) -> M <= delta.
Proof.
  intros Hn HM Non Rec. destruct (recurrence d w Non) as (ps & Len & Small & Zero).
  destruct (multiple ps Small) as (q & Q1 & Q2 & Q3). rewrite Len in *.
  pose proof (Nat.pow_nonzero 2 d ltac:(lia)) as P. set (D := (2 ^ d - 1)%nat) in *.
  enough (G : M <= 1 * delta) by lra.
  destruct n as [|m]; [lia|]. apply (floor_of_error d w m M delta); [lra|exact HM| |exact Rec].
  replace m with (m - D + D)%nat by lia. apply (last_term q); [exact Q1|exact Q2|lra|].
  replace (S D) with (2 ^ d)%nat by lia. exact (Q3 _ Zero (m - D)%nat).
Qed.
