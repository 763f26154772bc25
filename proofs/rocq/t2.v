(** T2: a saturating cell is exact on no segment along x_1, however short, hence on no open set of inputs.

    Along the segment every quantity of the cell is a function of one real s whose k-th derivative is at most A C^k k!, with
    one A and C for all of R. Such a function is zero everywhere right of an interval where it is zero; so an output that is
    x_1 on the segment grows with x_1 for ever, and it is bounded. *)

From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

(** * Functions whose derivatives grow no faster than those of A (1 - C s)^-p at 0, k of them *)

Fixpoint majorised (C : R) (k : nat) (p A : R) (f : R -> R) : Prop :=
  (forall s, Rabs (f s) <= A) /\
  match k with
  | O => True
  | S j => exists f', (forall s, is_derive f s (f' s)) /\ majorised C j (p + 1) (A * (C * p)) f'
  end.

Lemma majorised_bound C k p A f : majorised C k p A f -> forall s, Rabs (f s) <= A.
Proof. destruct k; simpl; tauto. Qed.

Lemma majorised_nonneg C k p A f : majorised C k p A f -> 0 <= A.
Proof. intros H. pose proof (majorised_bound _ _ _ _ _ H 0). pose proof (Rabs_pos (f 0)). lra. Qed.

Lemma majorised_less C k : forall p A f, majorised C (S k) p A f -> majorised C k p A f.
Proof.
  induction k as [|k IH]; intros p A f [B H]; [now split|].
  split; [exact B|]. destruct H as (f' & D & H). exists f'. auto.
Qed.

Lemma majorised_weaken C C' k : 0 <= C <= C' ->
  forall p q A B f, 0 <= p -> 0 <= q -> C * p <= C' * q -> A <= B -> majorised C k p A f -> majorised C' k q B f.
Proof.
  intros HC. induction k as [|k IH]; intros p q A B f Hp Hq Hpq AB H; pose proof (majorised_nonneg _ _ _ _ _ H) as HA;
    destruct H as [Bd H]; (split; [intros s; specialize (Bd s); lra|]); [exact I|].
  destruct H as (f' & D & H). exists f'. split; [exact D|].
  apply (IH (p + 1) (q + 1) (A * (C * p)) (B * (C' * q))); try lra; [|exact H].
  assert (0 <= C * p) by now apply Rmult_le_pos. apply Rmult_le_compat; lra.
Qed.

Lemma majorised_const C k c : forall p A, 0 <= C -> 0 <= p -> Rabs c <= A -> majorised C k p A (fun _ => c).
Proof.
  revert c. induction k as [|k IH]; intros c p A HC Hp Hc; (split; [auto|]); [exact I|].
  exists (fun _ => 0). split; [intros s; apply @is_derive_const|].
  apply IH; [lra|lra|]. rewrite Rabs_R0. pose proof (Rabs_pos c). apply Rmult_le_pos; [lra|now apply Rmult_le_pos].
Qed.

Lemma majorised_plus C k : forall p A B f g, majorised C k p A f -> majorised C k p B g ->
  majorised C k p (A + B) (fun s => f s + g s).
Proof.
  induction k as [|k IH]; intros p A B f g [F HF] [G HG];
    (split; [intros s; eapply Rle_trans; [apply Rabs_triang|]; specialize (F s); specialize (G s); lra|]); [exact I|].
  destruct HF as (f' & DF & HF), HG as (g' & DG & HG). exists (fun s => f' s + g' s).
  split; [intros s; exact (is_derive_plus f g s _ _ (DF s) (DG s))|].
  rewrite Rmult_plus_distr_r. now apply IH.
Qed.

(** The orders add up, as for 1/(1 - Cs)^p. *)
Lemma majorised_mult C k : forall p q A B f g, majorised C k p A f -> majorised C k q B g ->
  majorised C k (p + q) (A * B) (fun s => f s * g s).
Proof.
  induction k as [|k IH]; intros p q A B f g HF HG;
    pose proof (majorised_bound _ _ _ _ _ HF) as F; pose proof (majorised_bound _ _ _ _ _ HG) as G;
    (split; [intros s; rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos|]); [exact I|].
  pose proof (majorised_less _ _ _ _ _ HF) as LF. pose proof (majorised_less _ _ _ _ _ HG) as LG.
  destruct HF as [_ (f' & DF & HF)], HG as [_ (g' & DG & HG)]. exists (fun s => f' s * g s + f s * g' s). split.
  - intros s. exact (is_derive_mult f g s _ _ (DF s) (DG s) Rmult_comm).
  - replace (A * B * (C * (p + q))) with (A * (C * p) * B + A * (B * (C * q))) by ring. apply majorised_plus.
    + replace (p + q + 1) with (p + 1 + q) by ring. now apply IH.
    + replace (p + q + 1) with (p + (q + 1)) by ring. now apply IH.
Qed.

(** v = tanh f satisfies v' = (1 - v^2) f', and (1/(1 - Cs)^(1/2))' = C/2 / (1 - Cs)^(3/2) is what three factors of order
    1/2 allow. *)
Lemma majorised_tanh C B f f' : 0 <= C -> 4 * B <= C -> (forall s, is_derive f s (f' s)) ->
  (forall k, majorised C k (1 / 2) B f') -> forall k, majorised C k (1 / 2) 1 (fun s => tanh (f s)).
Proof.
  intros HC HB D H k. induction k as [|k IH].
  - split; [|exact I]. intros s. apply abs_le. pose proof (tanh_bounds (f s)). lra.
  - split; [intros s; apply abs_le; pose proof (tanh_bounds (f s)); lra|].
    exists (fun s => (1 + -1 * (tanh (f s) * tanh (f s))) * f' s). split.
    + intros s. evar_last; [apply (is_derive_comp tanh f); [apply is_derive_tanh|apply D]|].
      unfold scal; simpl; unfold mult; simpl. ring.
    + apply (majorised_weaken C C k ltac:(lra) (0 + (1 / 2 + 1 / 2) + 1 / 2) _ ((1 + 1 * (1 * 1)) * B)); try lra.
      apply majorised_mult; [|apply H]. apply majorised_plus; [apply majorised_const; try apply abs_le; lra|].
      apply majorised_mult; [apply majorised_const; try apply abs_le; lra|]. now apply majorised_mult.
Qed.

(** * Functions that are zero on an interval *)

Fixpoint rising (p : R) (k : nat) : R :=
  match k with O => 1 | S j => p * rising (p + 1) j / INR (S j) end.

Lemma rising_last k : forall p, rising p (S k) = rising p k * (p + INR k) / INR (S k).
Proof.
  induction k as [|k IH]; intros p; [simpl; field|].
  change (rising p (S (S k))) with (p * rising (p + 1) (S k) / INR (S (S k))).
  change (rising p (S k)) with (p * rising (p + 1) k / INR (S k)). rewrite IH.
  rewrite !S_INR. pose proof (pos_INR k). field. lra.
Qed.

Lemma rising_range p k : 0 <= p <= 1 -> 0 <= rising p k <= 1.
Proof.
  intros Hp. induction k as [|k IH]; [simpl; lra|]. rewrite rising_last, S_INR. pose proof (pos_INR k).
  assert (0 <= (p + INR k) / (INR k + 1) <= 1).
  { split; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
    apply Rmult_le_reg_r with (INR k + 1); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  unfold Rdiv in *. rewrite Rmult_assoc. nra.
Qed.

Lemma zero_slope f f' a b : (forall s, is_derive f s (f' s)) -> (forall s, a < s < b -> f s = 0) ->
  forall s, a < s < b -> f' s = 0.
Proof.
  intros D Z s Hs. apply (is_derive_unique f s (f' s)) in D as <-. apply is_derive_unique.
  apply (is_derive_ext_loc (fun _ => 0)); [|apply @is_derive_const].
  assert (P : 0 < Rmin (s - a) (b - s)) by (apply Rmin_pos; lra).
  exists (mkposreal _ P). intros t Ht. change (Rabs (t - s) < Rmin (s - a) (b - s)) in Ht. symmetry. apply Z.
  pose proof (Rmin_l (s - a) (b - s)). pose proof (Rmin_r (s - a) (b - s)). apply Rabs_def2 in Ht. lra.
Qed.

(** Taylor: the function is small beyond the interval. *)
Lemma beyond C a b m : 0 <= C -> a < m < b -> forall k p A f, 0 <= p -> (forall s, a < s < b -> f s = 0) ->
  majorised C k p A f -> forall t, 0 <= t -> Rabs (f (m + t)) <= A * rising p k * (C * t) ^ k.
Proof.
  intros HC Hm. induction k as [|k IH]; intros p A f Hp Z H t Ht.
  - simpl. rewrite !Rmult_1_r. apply (majorised_bound _ _ _ _ _ H).
  - destruct H as [_ (f' & D & H)].
    pose proof (IH (p + 1) _ f' ltac:(lra) (zero_slope f f' a b D Z) H) as Slope.
    assert (N : INR (S k) <> 0) by (apply not_0_INR; lia).
    set (K := A * rising p (S k) * C ^ S k).
    assert (E : forall y, A * (C * p) * rising (p + 1) k * (C * y) ^ k = K * (INR (S k) * y ^ k)).
    { intros y. unfold K. rewrite Rpow_mult_distr.
      change (rising p (S k)) with (p * rising (p + 1) k / INR (S k)). change (C ^ S k) with (C * C ^ k). field. exact N. }
    assert (Power : forall y, is_derive (fun y => K * y ^ S k) y (K * (INR (S k) * y ^ k))).
    { intros y. apply is_derive_scal. evar_last; [apply (is_derive_pow (fun y => y) (S k) y 1), @is_derive_id|].
      simpl pred. ring. }
    assert (Shift : forall y, is_derive (fun y => f (m + y)) y (f' (m + y))).
    { intros y. evar_last; [apply (is_derive_comp f (fun y => m + y)); [apply D|]; auto_derive; trivial|].
      unfold scal; simpl; unfold mult; simpl. ring. }
    assert (F0 : f (m + 0) = 0) by (rewrite Rplus_0_r; now apply Z).
    replace (A * rising p (S k) * (C * t) ^ S k) with (K * t ^ S k) by (unfold K; rewrite Rpow_mult_distr; ring).
    apply abs_le. split.
    + pose proof (grows (fun y => K * y ^ S k + f (m + y)) (fun y => K * (INR (S k) * y ^ k) + f' (m + y)) 0 t Ht) as G.
      cbv beta in G. rewrite F0, pow_i in G by lia. enough (K * 0 + 0 <= K * t ^ S k + f (m + t)) by lra. apply G.
      * intros y _. exact (is_derive_plus _ _ y _ _ (Power y) (Shift y)).
      * intros y Hy. rewrite <- E. pose proof (abs_le_inv _ _ (Slope y ltac:(lra))). lra.
    + pose proof (grows (fun y => K * y ^ S k - f (m + y)) (fun y => K * (INR (S k) * y ^ k) - f' (m + y)) 0 t Ht) as G.
      cbv beta in G. rewrite F0, pow_i in G by lia. enough (K * 0 - 0 <= K * t ^ S k - f (m + t)) by lra. apply G.
      * intros y _. exact (is_derive_minus _ _ y _ _ (Power y) (Shift y)).
      * intros y Hy. rewrite <- E. pose proof (abs_le_inv _ _ (Slope y ltac:(lra))). lra.
Qed.

Lemma spreads C A f : 0 < C -> (forall k, majorised C k (1 / 2) A f) -> forall a b, a < b ->
  (forall s, a < s < b -> f s = 0) -> forall s, a < s < b + / (2 * C) -> f s = 0.
Proof.
  intros HC H a b Hab Z s Hs. destruct (Rlt_le_dec s b) as [In|Out]; [apply Z; lra|].
  assert (P : 0 < / (2 * C)) by (apply Rinv_0_lt_compat; lra).
  set (m := Rmax ((a + b) / 2) (b - / (2 * C) / 2)).
  assert (Hm : a < m < b) by (unfold m; split; [eapply Rlt_le_trans; [|apply Rmax_l]; lra|apply Rmax_lub_lt; lra]).
  assert (Hm' : b - / (2 * C) / 2 <= m) by apply Rmax_r.
  set (u := C * (s - m)).
  assert (U : Rabs u < 1).
  { assert (C * / (2 * C) = 1 / 2) by (field; lra). unfold u. rewrite Rabs_pos_eq by (apply Rmult_le_pos; lra).
    assert (C * (s - m) < C * (3 / 2 * / (2 * C))) by (apply Rmult_lt_compat_l; lra). lra. }
  pose proof (majorised_nonneg _ _ _ _ _ (H O)) as HA.
  assert (Small : forall k, Rabs (f s) <= A * u ^ k).
  { intros k. pose proof (beyond C a b m ltac:(lra) Hm k (1 / 2) A f ltac:(lra) Z (H k) (s - m) ltac:(lra)) as T.
    replace (m + (s - m)) with s in T by ring. fold u in T. eapply Rle_trans; [exact T|].
    apply Rmult_le_compat_r; [apply pow_le; unfold u; apply Rmult_le_pos; lra|].
    pose proof (rising_range (1 / 2) k ltac:(lra)). nra. }
  destruct (Req_dec (f s) 0) as [|N]; [assumption|exfalso]. apply Rabs_pos_lt in N.
  destruct (pow_lt_1_zero u U (Rabs (f s) / (A + 1))) as [k Hk]; [apply Rdiv_lt_0_compat; lra|].
  specialize (Hk k (le_n k)). specialize (Small k). pose proof (Rle_abs (u ^ k)).
  assert (A * u ^ k <= A * Rabs (u ^ k)) by (apply Rmult_le_compat_l; lra).
  assert (Rabs (u ^ k) * (A + 1) < Rabs (f s)).
  { replace (Rabs (f s)) with (Rabs (f s) / (A + 1) * (A + 1)) by (field; lra). apply Rmult_lt_compat_r; lra. }
  pose proof (Rabs_pos (u ^ k)). lra.
Qed.

Lemma zero_beyond C A f a b : 0 < C -> (forall k, majorised C k (1 / 2) A f) -> a < b ->
  (forall s, a < s < b -> f s = 0) -> forall s, a < s -> f s = 0.
Proof.
  intros HC H Hab Z s Hs. assert (P : 0 < / (2 * C)) by (apply Rinv_0_lt_compat; lra).
  assert (All : forall N s, a < s < b + INR N * / (2 * C) -> f s = 0).
  { induction N as [|N IH]; intros t Ht; [apply Z; simpl in Ht; lra|].
    rewrite S_INR in Ht. pose proof (pos_INR N). apply (spreads C A f HC H a (b + INR N * / (2 * C))); [|exact IH|lra].
    assert (0 <= INR N * / (2 * C)) by (apply Rmult_le_pos; lra). lra. }
  destruct (nfloor_ex (Rabs (s - b) * (2 * C))) as [N [_ HN]]; [apply Rmult_le_pos; [apply Rabs_pos|lra]|].
  apply (All (S N)). split; [exact Hs|]. rewrite S_INR. pose proof (Rle_abs (s - b)).
  apply Rmult_lt_compat_r with (r := / (2 * C)) in HN; [|exact P]. rewrite Rmult_assoc, Rinv_r, Rmult_1_r in HN by lra. lra.
Qed.

(** * The class, its closure, and what it excludes *)

Definition tame (f : R -> R) : Prop := exists C A, 0 < C /\ forall k, majorised C k (1 / 2) A f.

(** A tame derivative: the function itself may be unbounded, as an input is. *)
Definition driven (f : R -> R) : Prop := exists f', (forall s, is_derive f s (f' s)) /\ tame f'.

Lemma tame_ext f g : (forall s, f s = g s) -> tame g -> tame f.
Proof. intros E. now replace f with g by (symmetry; now apply functional_extensionality). Qed.

Lemma tame_const c : tame (fun _ => c).
Proof. exists 1, (Rabs c). split; [lra|]. intros k. apply majorised_const; lra. Qed.

Lemma common f g : tame f -> tame g -> exists C A B, 0 < C /\
  (forall k, majorised C k (1 / 2) A f) /\ (forall k, majorised C k (1 / 2) B g).
Proof.
  intros (C & A & HC & F) (D & B & HD & G). exists (C + D), A, B. split; [lra|].
  split; intros k; [apply (majorised_weaken C (C + D) k ltac:(lra) (1 / 2) _ A)|
    apply (majorised_weaken D (C + D) k ltac:(lra) (1 / 2) _ B)]; auto; lra.
Qed.

Lemma tame_plus f g : tame f -> tame g -> tame (fun s => f s + g s).
Proof.
  intros F G. destruct (common f g F G) as (C & A & B & HC & HF & HG). exists C, (A + B).
  split; [exact HC|]. intros k. now apply majorised_plus.
Qed.

Lemma tame_mult f g : tame f -> tame g -> tame (fun s => f s * g s).
Proof.
  intros F G. destruct (common f g F G) as (C & A & B & HC & HF & HG). exists (2 * C), (A * B).
  split; [lra|]. intros k. apply (majorised_weaken C (2 * C) k ltac:(lra) (1 / 2 + 1 / 2) _ (A * B)); try lra.
  now apply majorised_mult.
Qed.

Lemma tame_driven f : tame f -> driven f.
Proof.
  intros (C & A & HC & H).
  assert (D : forall k, (forall s, is_derive f s (Derive f s)) /\ majorised C k (1 / 2 + 1) (A * (C * (1 / 2))) (Derive f)).
  { intros k. destruct (H (S k)) as [_ (f' & D & M)].
    replace (Derive f) with f' by (apply functional_extensionality; intros s; symmetry; now apply is_derive_unique). auto. }
  exists (Derive f). split; [apply (D O)|]. exists (3 * C), (A * (C * (1 / 2))). split; [lra|]. intros k.
  apply (majorised_weaken C (3 * C) k ltac:(lra) (1 / 2 + 1) _ (A * (C * (1 / 2)))); try lra. apply D.
Qed.

Lemma driven_const c : driven (fun _ => c).
Proof. apply tame_driven, tame_const. Qed.

Lemma driven_plus f g : driven f -> driven g -> driven (fun s => f s + g s).
Proof.
  intros (f' & DF & F) (g' & DG & G). exists (fun s => f' s + g' s).
  split; [intros s; exact (is_derive_plus f g s _ _ (DF s) (DG s))|now apply tame_plus].
Qed.

Lemma driven_scale c f : driven f -> driven (fun s => c * f s).
Proof.
  intros (f' & D & F). exists (fun s => c * f' s).
  split; [intros s; apply is_derive_scal, D|apply tame_mult; [apply tame_const|exact F]].
Qed.

Lemma tame_tanh f : driven f -> tame (fun s => tanh (f s)).
Proof.
  intros (f' & D & C & B & HC & H). exists (C + 4 * Rabs B), 1. pose proof (Rabs_pos B). pose proof (Rle_abs B).
  split; [lra|]. apply (majorised_tanh _ (Rabs B) f f'); [lra|lra|exact D|].
  intros k. apply (majorised_weaken C (C + 4 * Rabs B) k ltac:(lra) (1 / 2) _ B); auto; lra.
Qed.

Lemma tame_sigmoid f : driven f -> tame (fun s => sigmoid (f s)).
Proof.
  intros F. apply (tame_ext _ (fun s => 1 / 2 + 1 / 2 * tanh (1 / 2 * f s))).
  - intros s. replace (f s) with (2 * (1 / 2 * f s)) at 1 by field. rewrite sigmoid_tanh. field.
  - apply tame_plus; [apply tame_const|]. apply tame_mult; [apply tame_const|]. now apply tame_tanh, driven_scale.
Qed.

(** A tame function is bounded, and so is not s + c on an interval. *)
Lemma not_identity y a b c : tame y -> a < b -> ~ forall s, a < s < b -> y s = s + c.
Proof.
  intros Ty Hab E. destruct (tame_driven y Ty) as (y' & D & T). destruct Ty as (C' & A & _ & Ty).
  destruct (tame_plus y' (fun _ => -1) T (tame_const (-1))) as (C & B & HC & H).
  assert (Slope : forall s, a < s -> y' s + -1 = 0).
  { apply (zero_beyond C B (fun s => y' s + -1) a b HC H Hab).
    apply (zero_slope (fun s => y s + (-1 * s - c)) (fun s => y' s + -1)); [|intros s Hs; rewrite E by exact Hs; lra].
    intros s. apply (is_derive_plus y (fun s => -1 * s - c) s (y' s) (-1)); [apply D|]. auto_derive; [trivial|]. ring. }
  pose proof (majorised_bound _ _ _ _ _ (Ty O)) as Bd. set (m := (a + b) / 2). assert (Hm : a < m) by (unfold m; lra).
  pose proof (majorised_nonneg _ _ _ _ _ (Ty O)) as HA.
  destruct (MVT_cor2 y y' m (m + (2 * A + 1)) ltac:(lra)) as (z & Ez & Hz).
  - intros z _. apply is_derive_Reals, D.
  - specialize (Slope z ltac:(lra)). replace (y' z) with 1 in Ez by lra.
    pose proof (abs_le_inv _ _ (Bd m)). pose proof (abs_le_inv _ _ (Bd (m + (2 * A + 1)))). lra.
Qed.

(** * Along a segment every cell's quantities are tame *)


Lemma along_driven c t : driven (fun s => along c s t).
Proof.
  unfold along. destruct (Nat.eqb t 1); [|apply driven_const]. apply driven_plus; [apply driven_const|].
  exists (fun _ => 1). split; [intros s; apply @is_derive_id|apply tame_const].
Qed.

Definition tame_vector (h : R -> vector) : Prop := forall k, tame (fun s => h s k).

Lemma tame_dot d v h : tame_vector h -> tame (fun s => dot d v (h s)).
Proof.
  intros H. unfold dot. induction d as [|d IH]; simpl; [apply tame_const|].
  apply tame_plus; [exact IH|]. apply tame_mult; [apply tame_const|apply H].
Qed.

Lemma tame_read d r h : tame_vector h -> tame (fun s => read d r (h s)).
Proof. intros H. apply tame_plus; [now apply tame_dot|apply tame_const]. Qed.

Lemma driven_input g x k : driven x -> driven (fun s => input_map g (x s) k).
Proof. intros X. apply driven_plus; [now apply driven_scale|apply driven_const]. Qed.

Lemma driven_affine d g h x k : tame_vector h -> driven x -> driven (fun s => affine d g (h s) (x s) k).
Proof.
  intros H X. unfold affine. apply driven_plus; [|apply driven_const]. apply driven_plus; [|now apply driven_scale].
  apply tame_driven. now apply tame_dot.
Qed.

Lemma elman_tame act d w c n : (forall f, driven f -> tame (fun s => act (f s))) ->
  tame (fun s => elman_output act d w (along c s) n).
Proof.
  intros Act. apply tame_read. induction n as [|n IH]; intros k; [cbn [run]; apply tame_const|].
  apply Act. apply (driven_affine d (elman_h w) _ (fun s => along c s (S n))); [exact IH|apply along_driven].
Qed.

Lemma lstm_cell d w s x k : snd (lstm_step d w s x) k =
  sigmoid (affine d (lstm_f w) (fst s) x k) * snd s k +
  sigmoid (affine d (lstm_i w) (fst s) x k) * tanh (affine d (lstm_g w) (fst s) x k).
Proof. now destruct s. Qed.

Lemma lstm_hidden d w s x k :
  fst (lstm_step d w s x) k = sigmoid (affine d (lstm_o w) (fst s) x k) * tanh (snd (lstm_step d w s x) k).
Proof. now destruct s. Qed.

Lemma lstm_tame d w c n : tame (fun s => lstm_output d w (along c s) n).
Proof.
  set (state := fun n s => run (lstm_step d w) (lstm_start w) (along c s) n).
  enough (H : tame_vector (fun s => fst (state n s)) /\ tame_vector (fun s => snd (state n s))) by (apply tame_read, H).
  induction n as [|n [IHh IHc]]; [split; intros k; cbn; apply tame_const|].
  assert (Gate : forall g k, driven (fun s => affine d g (fst (state n s)) (along c s (S n)) k)).
  { intros g k. apply (driven_affine d g _ (fun s => along c s (S n))); [exact IHh|apply along_driven]. }
  assert (Cell : tame_vector (fun s => snd (state (S n) s))).
  { intros k. apply (tame_ext _ _ (fun s => lstm_cell d w (state n s) (along c s (S n)) k)).
    apply tame_plus; apply tame_mult; [apply tame_sigmoid, Gate|apply IHc|apply tame_sigmoid, Gate|apply tame_tanh, Gate]. }
  split; [|exact Cell]. intros k. apply (tame_ext _ _ (fun s => lstm_hidden d w (state n s) (along c s (S n)) k)).
  apply tame_mult; [apply tame_sigmoid, Gate|apply tame_tanh, tame_driven, Cell].
Qed.

Lemma gru_tame after keeps d w c n : tame (fun s => gru_output after keeps d w (along c s) n).
Proof.
  apply tame_read. induction n as [|n IH]; intros k; [cbn [run]; apply tame_const|].
  set (h := fun s => run (gru_step after keeps d w) (gru_start w) (along c s) n) in *. set (x := fun s => along c s (S n)).
  assert (X : driven x) by apply along_driven.
  assert (Z : tame (fun s => sigmoid (affine d (gru_z w) (h s) (x s) k))) by now apply tame_sigmoid, driven_affine.
  assert (Rs : forall j, tame (fun s => sigmoid (affine d (gru_r w) (h s) (x s) j)))
    by (intros j; now apply tame_sigmoid, driven_affine).
  assert (Less : forall f, tame f -> tame (fun s => 1 - f s)).
  { intros f F. apply (tame_ext _ (fun s => 1 + -1 * f s)); [intros; ring|].
    apply tame_plus; [apply tame_const|]. apply tame_mult; [apply tame_const|exact F]. }
  assert (N : tame (fun s => tanh ((if after
    then fun k => sigmoid (affine d (gru_r w) (h s) (x s) k) * (dot d (W (gru_n w) k) (h s) + gru_c w k) +
      input_map (gru_n w) (x s) k
    else affine d (gru_n w) (fun j => sigmoid (affine d (gru_r w) (h s) (x s) j) * h s j) (x s)) k))).
  { apply tame_tanh. destruct after.
    - apply driven_plus; [|now apply driven_input]. apply tame_driven, tame_mult; [apply Rs|].
      apply tame_plus; [now apply tame_dot|apply tame_const].
    - apply (driven_affine d (gru_n w) (fun s j => sigmoid (affine d (gru_r w) (h s) (x s) j) * h s j)); [|exact X].
      intros j. apply tame_mult; [apply Rs|apply IH]. }
  change (tame (fun s => gru_step after keeps d w (h s) (x s) k)). unfold gru_step.
  destruct keeps; apply tame_plus; apply tame_mult; auto.
Qed.

(** * The theorem *)

Lemma not_exact (y : network) (D : domain) c rho n : 0 < rho -> (forall r, Rabs r <= rho -> D (along c r)) ->
  tame (fun s => y (along c s) n) -> ~ recalls_at 0 D n y.
Proof.
  intros Hr Sub T Rec. apply (not_identity _ (- rho) rho (c 1%nat) T ltac:(lra)). intros s Hs.
  specialize (Rec (along c s) (Sub s ltac:(apply abs_le; lra))). apply abs_le_inv in Rec.
  unfold along at 2 4 in Rec. simpl in Rec. lra.
Qed.

Theorem segment : T2_segment.
Proof.
  intros d n D (c & rho & Hr & Sub).
  repeat split; intros; apply (not_exact _ D c rho n Hr Sub).
  - apply elman_tame, tame_tanh.
  - apply elman_tame, tame_sigmoid.
  - apply lstm_tame.
  - apply gru_tame.
Qed.

Theorem open_set : T2.
Proof.
  intros d n D (c & rho & Hr & Sub). apply segment. exists c, rho. split; [exact Hr|]. intros r H. apply Sub. intros t.
  unfold along. destruct (Nat.eqb_spec t 1) as [->|]; [now replace (c 1%nat + r - c 1%nat) with r by ring|].
  rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

Theorem on_the_box : T2_box.
Proof.
  intros d n M HM. apply open_set. exists (fun _ => 0), M. split; [exact HM|]. intros x H t.
  specialize (H t). now rewrite Rminus_0_r in H.
Qed.
