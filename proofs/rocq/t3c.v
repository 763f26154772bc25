(** T3c: from an explicit horizon on, linear memory that does not expand is no better than guessing. Two sums of distinct
    powers of z have residues in one unit cell; their difference minus its residue is a multiple of the product of the factors
    with leading coefficient 1 or -1 and all others in [-1, 1]. *)

From Coq Require Import Reals List Lra Lia Binomial ZArith.
From Coquelicot Require Import Complex.
From Recall Require Import definitions statements basics linear algebra t3 t3b.
Import ListNotations.
Open Scope R_scope.

(** * Pigeons *)

Lemma pigeons b : forall a f, (b < a)%nat -> (forall i, (i < a)%nat -> (f i < b)%nat) ->
  exists i j, (i < j < a)%nat /\ f i = f j.
Proof.
  induction b as [|b IH]; intros a f Hab Hf; [specialize (Hf O); lia|].
  destruct a as [|a]; [lia|].
  assert (Dec : forall m, (exists i, (i < m)%nat /\ f i = f a) \/ forall i, (i < m)%nat -> f i <> f a).
  { induction m as [|m [(i & Hi & E)|N]]; [right; lia|left; exists i; split; [lia|exact E]|].
    destruct (Nat.eq_dec (f m) (f a)) as [E|E]; [left; exists m; split; [lia|exact E]|right].
    intros i Hi. destruct (Nat.eq_dec i m) as [->|]; [exact E|apply N; lia]. }
  destruct (Dec a) as [(i & Hi & E)|N]; [exists i, a; split; [lia|exact E]|].
  destruct (IH a (fun i => if Nat.eqb (f i) b then f a else f i) ltac:(lia)) as (i & j & Hij & E).
  - intros i Hi. specialize (N i Hi). pose proof (Hf i ltac:(lia)). pose proof (Hf a ltac:(lia)).
    destruct (Nat.eqb_spec (f i) b); lia.
  - exists i, j. split; [lia|]. pose proof (N i ltac:(lia)). pose proof (N j ltac:(lia)).
    destruct (Nat.eqb_spec (f i) b), (Nat.eqb_spec (f j) b); lia.
Qed.

(** d digits below q as one number. *)
Fixpoint code (q d : nat) (c : nat -> nat) : nat := match d with O => O | S k => (code q k c * q + c k)%nat end.

Lemma code_below q d c : (forall i, (i < d)%nat -> (c i < q)%nat) -> (code q d c < q ^ d)%nat.
Proof.
  induction d as [|d IH]; intros H; [simpl; lia|]. cbn [code]. rewrite Nat.pow_succ_r'. specialize (IH ltac:(intros; apply H; lia)).
  specialize (H d ltac:(lia)). pose proof (Nat.mul_le_mono_r (S (code q d c)) (q ^ d) q IH). lia.
Qed.

Lemma code_same q d c c' : (forall i, (i < d)%nat -> (c i < q)%nat) -> (forall i, (i < d)%nat -> (c' i < q)%nat) ->
  code q d c = code q d c' -> forall i, (i < d)%nat -> c i = c' i.
Proof.
  induction d as [|d IH]; intros H H' E i Hi; [lia|]. cbn [code] in E. pose proof (H d ltac:(lia)). pose proof (H' d ltac:(lia)).
  destruct (Nat.div_mod_unique q (code q d c) (code q d c') (c d) (c' d)) as [Rest Last]; [assumption|assumption|lia|].
  destruct (Nat.eq_dec i d) as [->|]; [exact Last|]. apply IH; try assumption; intros; try apply H; try apply H'; lia.
Qed.

(** Two numbers below 2^m differ in one of m bits. *)
Lemma bits_differ m a b : (a < 2 ^ m)%nat -> (b < 2 ^ m)%nat -> a <> b ->
  exists i, (i < m)%nat /\ Nat.testbit a i <> Nat.testbit b i.
Proof.
  revert a b. induction m as [|m IH]; intros a b Ha Hb N; [simpl in *; lia|].
  destruct (Bool.bool_dec (Nat.testbit a 0) (Nat.testbit b 0)) as [E|E]; [|exists O; split; [lia|exact E]].
  rewrite Nat.pow_succ_r' in Ha, Hb. pose proof (Nat.div_mod a 2 ltac:(lia)). pose proof (Nat.div_mod b 2 ltac:(lia)).
  rewrite <- !Nat.bit0_mod in *.
  destruct (IH (a / 2) (b / 2))%nat as (i & Hi & D).
  - apply Nat.div_lt_upper_bound; lia.
  - apply Nat.div_lt_upper_bound; lia.
  - intros F. apply N. rewrite E in *. lia.
  - exists (S i). split; [lia|]. rewrite <- !Nat.div2_bits. exact D.
Qed.

(** * Counting *)

Lemma choose_nonneg n : forall j, 0 <= choose n j.
Proof. induction n as [|n IH]; intros [|j]; cbn [choose]; try lra; [apply IH|]. pose proof (IH j). pose proof (IH (S j)). lra. Qed.

Lemma choose_grows n j : choose n j <= choose (S n) j.
Proof. destruct j as [|j]; cbn [choose]; [lra|]. pose proof (choose_nonneg n j). lra. Qed.

Lemma choose_monotone m n j : (m <= n)%nat -> choose m j <= choose n j.
Proof. induction 1 as [|n _ IH]; [lra|]. pose proof (choose_grows n j). lra. Qed.

Lemma choose_row n m : (n < m)%nat -> sum m (choose n) = 2 ^ n.
Proof.
  revert m. induction n as [|n IH]; intros m Hm.
  - destruct m as [|m]; [lia|]. rewrite sum_head. cbn [choose pow]. rewrite sum_zero; [lra|reflexivity].
  - destruct m as [|m]; [lia|]. rewrite sum_head. cbn [choose].
    rewrite (sum_plus m (fun k => choose n k) (fun k => choose n (S k))). rewrite IH by lia.
    pose proof (IH (S m) ltac:(lia)) as E. rewrite sum_head in E. simpl pow. lra.
Qed.

Lemma choose_column K n e : sum K (fun m => choose (n + m) e) <= choose (n + K) (S e).
Proof.
  induction K as [|K IH]; [simpl sum; apply choose_nonneg|]. cbn [sum]. rewrite Nat.add_succ_r. cbn [choose]. lra.
Qed.

(** * The solution with start 0, ..., 0, 1 grows no faster than C(k, d-1) *)

Lemma driven l : Forall (fun p => Cmod p <= 1) l -> forall e (s : nat -> C),
  (forall k, Cmod (factors l s k) <= choose k e) -> (forall i, (i < length l)%nat -> s i = RtoC 0) ->
  forall k, Cmod (s k) <= choose k (e + length l).
Proof.
  induction 1 as [|p l Hp _ IH]; intros e s B Z k; cbn [length] in *.
  - rewrite Nat.add_0_r. exact (B k).
  - replace (e + S (length l))%nat with (S e + length l)%nat by lia. apply IH; [|intros; apply Z; lia].
    assert (G0 : factors l s 0 = RtoC 0).
    { assert (V : forall n, (n + length l < S (length l))%nat -> factors l s n = RtoC 0); [|apply V; lia].
      clear - Z. revert Z. generalize (S (length l)) at 1 2. intros m Z n Hn.
      assert (V : forall l' n', (n' + length l' < m)%nat -> factors l' s n' = RtoC 0); [|now apply V].
      induction l' as [|q l' IH]; intros n' Hn'; cbn [factors length] in *; [apply Z; lia|]. rewrite !IH by lia. ring. }
    induction k0 as [|n IHn].
    + rewrite G0, Cmod_0. apply choose_nonneg.
    + specialize (B n). cbn [factors] in B. cbn [choose].
      replace (factors l s (S n)) with (factors l s (S n) - p * factors l s n + p * factors l s n)%C by ring.
      eapply Rle_trans; [apply Cmod_triangle|]. rewrite Cmod_mult.
      pose proof (Cmod_ge_0 p). pose proof (Cmod_ge_0 (factors l s n)). nra.
Qed.

Lemma unit_start ps : Forall (fun p => Cmod p <= 1) ps -> (1 <= length ps)%nat -> forall s : nat -> C,
  (forall k, factors ps s k = RtoC 0) -> (forall i, (i < length ps - 1)%nat -> s i = RtoC 0) -> s (length ps - 1)%nat = RtoC 1 ->
  forall k, Cmod (s k) <= choose k (length ps - 1).
Proof.
  destruct ps as [|p l]; [simpl; lia|]. cbn [length Nat.sub]. rewrite Nat.sub_0_r.
  intros H _ s Z Low One. inversion_clear H as [|? ? Hp Hl].
  change (length l) with (0 + length l)%nat. apply driven; [exact Hl| |exact Low].
  destruct (product l Hl) as (q & Q1 & _ & Q3).
  assert (G0 : factors l s 0 = RtoC 1).
  { rewrite Q3. cbn [csum Nat.add]. rewrite Q1, One.
    rewrite (csum_ext (length l) _ (fun _ => RtoC 0)) by (intros j Hj; rewrite Low by exact Hj; ring).
    assert (Z0 : forall n, csum n (fun _ => RtoC 0) = RtoC 0) by (induction n as [|n IHn]; cbn; [reflexivity|rewrite IHn; ring]).
    rewrite Z0. ring. }
  intros k. pose proof (turned p (factors l s) Z k 0) as T. cbn [Nat.add] in T. rewrite T, G0, Cmod_mult, Cmod_1, choose_0.
  pose proof (power_mod p k Hp). lra.
Qed.

(** * Residues of powers of z *)

Section residues.
Variables (l : list C).
Let d := length l.
Variable q : nat -> C.
Hypotheses (Small : Forall (fun p => Cmod p <= 1) l) (Positive : (1 <= d)%nat).
Hypotheses (Q1 : q d = RtoC 1) (Q2 : forall j, Cmod (q j) <= choose d j).
Hypothesis (Q3 : forall g k, factors l g k = csum (S d) (fun j => q j * g (k + j)%nat)%C).

(** z^j = sum of residue j i z^i, i < d, modulo the product. *)
Fixpoint residue (j i : nat) : C :=
  match j with
  | O => match i with O => RtoC 1 | _ => RtoC 0 end
  | S j' => ((match i with O => RtoC 0 | S i' => residue j' i' end) - q i * residue j' (d - 1))%C
  end.

Lemma csum_head n f : csum (S n) f = (f O + csum n (fun j => f (S j)))%C.
Proof. change (S n) with (1 + n)%nat. rewrite csum_split. cbn [csum]. rewrite Cplus_0_l. reflexivity. Qed.

Lemma reduced g : (forall k, factors l g k = RtoC 0) -> forall j k,
  g (k + j)%nat = csum d (fun i => residue j i * g (k + i)%nat)%C.
Proof.
  intros Z. induction j as [|j IH]; intros k.
  - destruct d as [|m]; [lia|]. rewrite csum_head. cbn [residue].
    rewrite (csum_ext m _ (fun _ => RtoC 0)) by (intros; ring).
    assert (Z0 : forall n, csum n (fun _ => RtoC 0) = RtoC 0) by (induction n as [|n IHn]; cbn; [reflexivity|rewrite IHn; ring]).
    rewrite Z0. ring.
  - replace (k + S j)%nat with (S k + j)%nat by lia. rewrite IH.
    pose proof (Z k) as F. rewrite Q3 in F. cbn [csum] in F. rewrite Q1 in F.
    rewrite (csum_ext d (fun i => residue (S j) i * g (k + i)%nat)%C
      (fun i => (match i with O => RtoC 0 | S i' => residue j i' end) * g (k + i)%nat - residue j (d - 1) * (q i * g (k
        + i)%nat))%C)
      by (intros; cbn [residue]; ring).
    rewrite csum_combine.
    assert (Last : g (k + d)%nat = (- csum d (fun j => q j * g (k + j)%nat))%C).
    { set (c := csum d _) in *. replace (g (k + d)%nat) with (c + RtoC 1 * g (k + d)%nat - c)%C by ring. rewrite F. ring. }
    destruct d as [|m]; [lia|]. cbn [Nat.sub]. rewrite Nat.sub_0_r.
    rewrite (csum_head m (fun i => _ * g (k + i)%nat)%C). cbn [csum].
    rewrite (csum_ext m (fun i => residue j i * g (S k + i)%nat)%C (fun i => residue j i * g (k + S i)%nat)%C)
      by (intros; do 2 f_equal; lia).
    replace (S k + m)%nat with (k + S m)%nat by lia. rewrite Last. cbn [csum]. ring.
Qed.

Lemma early j : (j < d)%nat -> forall i, (i < d)%nat -> residue j i = if Nat.eqb i j then RtoC 1 else RtoC 0.
Proof.
  induction j as [|j IH]; intros Hj i Hi; [now destruct i|]. cbn [residue]. rewrite (IH ltac:(lia) (d - 1)%nat) by lia.
  replace (Nat.eqb (d - 1) j) with false by (symmetry; apply Nat.eqb_neq; lia).
  destruct i as [|i]; [cbn; ring|]. rewrite IH by lia. cbn [Nat.eqb]. destruct (Nat.eqb i j); ring.
Qed.

Let top (j : nat) : C := residue j (d - 1).

Lemma unrolled j i : residue (S (j + i)) i = (- csum (S i) (fun t => q t * top (j + t)%nat))%C.
Proof.
  revert j. induction i as [|i IH]; intros j.
  - cbn [residue csum]. fold (top (j + 0)). ring.
  - cbn [residue]. fold (top (j + S i)). rewrite Nat.add_succ_r, IH. cbn [csum]. rewrite Nat.add_succ_r. ring.
Qed.

Lemma top_bound k : Cmod (top k) <= choose k (d - 1).
Proof.
  assert (Z : forall j, factors l top j = RtoC 0).
  { intros j. rewrite Q3. cbn [csum]. rewrite Q1.
    assert (T : top (j + d) = (- csum d (fun t => q t * top (j + t)%nat))%C).
    { pose proof (unrolled j (d - 1)) as E. replace (S (j + (d - 1))) with (j + d)%nat in E by lia.
      replace (S (d - 1)) with d in E by lia. exact E. }
    rewrite T. ring. }
  apply (unit_start l Small Positive top Z).
  - intros i Hi. unfold top. rewrite early by lia.
    now replace (Nat.eqb (d - 1) i) with false by (symmetry; apply Nat.eqb_neq; unfold d; lia).
  - unfold top. fold d. rewrite early by lia. now rewrite Nat.eqb_refl.
Qed.

Lemma residue_bound m i : (i < d)%nat -> Cmod (residue (d + m) i) <= (2 ^ d - 1) * choose (d - 1 + m) (d - 1).
Proof.
  intros Hi. replace (d + m)%nat with (S (d - 1 + m - i + i)) by lia. rewrite unrolled, Cmod_opp.
  eapply Rle_trans; [apply csum_mod|].
  apply Rle_trans with (sum (S i) (fun t => choose (d - 1 + m) (d - 1) * choose d t)).
  - apply sum_le. intros t Ht. rewrite Cmod_mult, Rmult_comm. apply Rmult_le_compat; try apply Cmod_ge_0; [|apply Q2].
    eapply Rle_trans; [apply top_bound|]. apply choose_monotone. lia.
  - rewrite sum_scale, Rmult_comm. apply Rmult_le_compat_r; [apply choose_nonneg|].
    pose proof (choose_row d (S d) ltac:(lia)) as Row. cbn [sum] in Row. rewrite choose_C, C_full in Row by lia.
    replace d with (S i + (d - S i))%nat in Row at 1 by lia. rewrite sum_split in Row.
    pose proof (sum_nonneg (d - S i) (fun k => choose d (S i + k)) ltac:(intros; apply choose_nonneg)). lra.
Qed.
End residues.

(** * Two sums of distinct powers with residues in one cell *)

Definition bit (b m : nat) : R := if Nat.testbit b m then 1 else 0.

(** The part of a real number below zero, and where a subset's sum lies. *)
Lemma subset_range K (r : nat -> R) b :
  0 <= sum K (fun m => bit b m * r m) + sum K (fun m => Rmax 0 (- r m)) <= sum K (fun m => Rabs (r m)).
Proof.
  rewrite <- sum_plus. split; [apply sum_nonneg|apply sum_le]; intros m _; unfold bit;
    destruct (Nat.testbit b m); unfold Rmax, Rabs; destruct (Rle_dec 0 (- r m)), (Rcase_abs (r m)); lra.
Qed.

Fixpoint whole (n j : nat) : nat :=
  match n, j with
  | O, O => 1
  | O, S _ => 0
  | S n', O => whole n' O
  | S n', S j' => whole n' j' + whole n' (S j')
  end.

Lemma whole_choose n : forall j, INR (whole n j) = choose n j.
Proof. induction n as [|n IH]; intros [|j]; cbn [whole choose]; try reflexivity; [apply IH|]. now rewrite plus_INR, !IH. Qed.

Definition cell (x : R) : nat := Z.to_nat (up x - 1).

Lemma cell_spec x Q : 0 <= x -> x + 1 <= INR Q -> (cell x < Q)%nat /\ INR (cell x) <= x < INR (cell x) + 1.
Proof.
  intros H0 HQ. destruct (archimed x) as [A1 A2]. unfold cell. set (z := (up x - 1)%Z).
  assert (Hz : IZR z <= x < IZR z + 1) by (unfold z; rewrite minus_IZR; lra).
  assert (Z0 : (0 <= z)%Z) by (assert (-1 < z)%Z by (apply lt_IZR; lra); lia).
  assert (E : INR (Z.to_nat z) = IZR z) by (rewrite INR_IZR_INZ, Z2Nat.id; [reflexivity|exact Z0]).
  rewrite E. split; [|exact Hz]. apply INR_lt. rewrite E. lra.
Qed.

Lemma shared_cell d K (r : nat -> nat -> R) Q :
  (forall i, (i < d)%nat -> sum K (fun m => Rabs (r m i)) + 1 <= INR Q) -> (Q ^ d < 2 ^ K)%nat ->
  exists c : nat -> R, (forall m, c m = 0 \/ Rabs (c m) = 1) /\ (exists m, (m < K)%nat /\ c m <> 0) /\
    forall i, (i < d)%nat -> Rabs (sum K (fun m => c m * r m i)) <= 1.
Proof.
  intros Wide Many. set (shown := fun b i => sum K (fun m => bit b m * r m i) + sum K (fun m => Rmax 0 (- r m i))).
  assert (Cell : forall b i, (i < d)%nat ->
    (cell (shown b i) < Q)%nat /\ INR (cell (shown b i)) <= shown b i < INR (cell (shown b i)) + 1).
  { intros b i Hi. pose proof (subset_range K (fun m => r m i) b) as [L U]. specialize (Wide i Hi).
    apply cell_spec; unfold shown; [exact L|lra]. }
  destruct (pigeons (Q ^ d) (2 ^ K) (fun b => code Q d (fun i => cell (shown b i))) Many) as (a & b & Hab & E).
  { intros b _. apply code_below. intros i Hi. now apply Cell. }
  exists (fun m => bit b m - bit a m). split; [|split].
  - intros m. unfold bit. destruct (Nat.testbit b m), (Nat.testbit a m); unfold Rabs; destruct (Rcase_abs _); lra.
  - destruct (bits_differ K b a) as (m & Hm & D); try lia. exists m. split; [exact Hm|]. unfold bit.
    destruct (Nat.testbit b m), (Nat.testbit a m); try lra; congruence.
  - intros i Hi. assert (Same : cell (shown a i) = cell (shown b i)).
    { apply (code_same Q d (fun i => cell (shown a i)) (fun i => cell (shown b i))); try assumption; intros k Hk; now apply Cell. }
    destruct (Cell a i Hi) as [_ A]. destruct (Cell b i Hi) as [_ B]. rewrite <- Same in B.
    replace (sum K (fun m => (bit b m - bit a m) * r m i)) with (shown b i - shown a i); [apply abs_le; lra|].
    unfold shown. rewrite (sum_ext K (fun m => (bit b m - bit a m) * r m i) (fun m => bit b m * r m i + (-1) * (bit a m * r m i)))
      by (intros; ring). rewrite sum_plus, sum_scale. ring.
Qed.

(** The last of the chosen powers. *)
Lemma last_chosen K (c : nat -> R) : (exists m, (m < K)%nat /\ c m <> 0) ->
  exists m, (m < K)%nat /\ c m <> 0 /\ forall j, (m < j < K)%nat -> c j = 0.
Proof.
  induction K as [|K IH]; intros (m & Hm & N); [lia|]. destruct (Req_dec (c K) 0) as [Z|].
  - destruct IH as (k & Hk & Nk & Above).
    + exists m. split; [|exact N]. destruct (Nat.eq_dec m K) as [->|]; [contradiction|lia].
    + exists k. split; [lia|]. split; [exact Nk|]. intros j Hj. destruct (Nat.eq_dec j K) as [->|]; [exact Z|apply Above; lia].
  - exists K. split; [lia|]. split; [assumption|lia].
Qed.

Lemma Re_le (z : C) : Rabs (fst z) <= Cmod z.
Proof. eapply Rle_trans; [apply Rmax_l|apply Rmax_Cmod]. Qed.

Theorem worthless : T3c.
Proof.
  intros d w n M delta [Soon|(N & HN & Count)] HM Non Rec; [now apply (worthless_soon d w n)|].
  destruct n as [|n]; [lia|]. enough (G : M <= 1 * delta) by lra.
  apply (floor_of_error d w n M delta); [lra|exact HM| |exact Rec].
  destruct (recurrence d w Non) as (l & Len & Small & Zero). destruct (product l Small) as (q & Q1 & Q2 & Q3). rewrite Len in *.
  set (g := response d w) in *.
  destruct (Nat.eq_dec d 0) as [D0|D0].
  { subst d. destruct l; [|discriminate]. specialize (Zero n). cbn [factors] in Zero. apply RtoC_inj in Zero.
    rewrite Zero, Rabs_R0, Rmult_1_l. apply sum_nonneg. intros; apply Rabs_pos. }
  rewrite <- Len in Q1, Q2, Q3.
  set (r := fun m i => fst (residue l q (d + m) i)). set (K := (N - d + 1)%nat). set (Q := (2 ^ d * whole N d)%nat).
  assert (EQ : INR Q = 2 ^ d * choose N d) by (unfold Q; rewrite mult_INR, pow_INR, whole_choose; reflexivity).
  rewrite <- choose_C in Count by lia.
  assert (One : 1 <= choose N d) by (rewrite <- (C_full d), <- choose_C by lia; apply choose_monotone; lia).
  destruct (shared_cell d K r Q) as (c & C1 & C2 & C3).
  - intros i Hi. rewrite EQ.
    assert (S : sum K (fun m => Rabs (r m i)) <= (2 ^ d - 1) * choose N d); [|lra].
    apply Rle_trans with (sum K (fun m => (2 ^ d - 1) * choose (d - 1 + m) (d - 1))).
    + apply sum_le. intros m _. eapply Rle_trans; [apply Re_le|]. unfold r. rewrite <- Len.
      apply residue_bound; try assumption; lia.
    + rewrite sum_scale. apply Rmult_le_compat_l; [pose proof (pow_R1_Rle 2 d ltac:(lra)); lra|].
      eapply Rle_trans; [apply choose_column|]. replace (d - 1 + K)%nat with N by (unfold K; lia).
      replace (S (d - 1)) with d by lia. lra.
  - apply INR_lt. rewrite !pow_INR, EQ. exact Count.
  - destruct (last_chosen K c C2) as (m & Hm & Nm & Above).
    assert (Reduce : forall j k, g (k + (d + j))%nat = sum d (fun i => r j i * g (k + i)%nat)).
    { intros j k. pose proof (reduced l q ltac:(lia) Q1 Q2 Q3 (fun j => RtoC (g j)) Zero (d + j) k) as E.
      apply (f_equal fst) in E. rewrite fst_csum in E. cbn [fst RtoC] in E. rewrite E, Len. apply sum_ext. intros i _.
      unfold Cmult, r, RtoC; cbn [fst snd]. ring. }
    set (k := (n - (d + m))%nat). assert (Hn : (n = k + (d + m))%nat) by (unfold k, K in *; lia). clearbody k.
    assert (Relation : sum K (fun j => c j * g (k + (d + j))%nat) = sum d (fun i => sum K (fun j => c j * r j i) * g (k + i)%nat)).
    { rewrite (sum_ext K _ (fun j => sum d (fun i => c j * r j i * g (k + i)%nat)))
        by (intros; rewrite Reduce, <- sum_scale; apply sum_ext; intros; ring).
      rewrite sum_swap. apply sum_ext. intros i _. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring. }
    replace K with (S m + (K - S m))%nat in Relation at 1 by lia. rewrite sum_split in Relation.
    rewrite (sum_zero (K - S m)) in Relation by (intros j Hj; rewrite Above by lia; ring). cbn [sum] in Relation.
    rewrite <- Hn in Relation.
    assert (Unit : Rabs (c m) = 1) by (destruct (C1 m); [contradiction|assumption]).
    assert (E : Rabs (g n) = Rabs (c m * g n)) by (rewrite Rabs_mult, Unit; ring). rewrite E, Rmult_1_l.
    replace (c m * g n) with (sum d (fun i => sum K (fun j => c j * r j i) * g (k + i)%nat) - sum m (fun j => c j * g (k + (d
      + j))%nat)) by lra.
    unfold Rminus. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp.
    rewrite Hn, Nat.add_assoc, sum_split.
    apply Rplus_le_compat.
    + eapply Rle_trans; [apply sum_abs|]. rewrite sum_split.
      assert (sum d (fun i => Rabs (sum K (fun j => c j * r j i) * g (k + i)%nat)) <= sum d (fun i => Rabs (g (k + i)%nat))).
      { apply sum_le. intros i Hi. rewrite Rabs_mult. specialize (C3 i Hi). pose proof (Rabs_pos (g (k + i)%nat)). nra. }
      pose proof (sum_nonneg k (fun j => Rabs (g j)) ltac:(intros; apply Rabs_pos)). lra.
    + eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros j _. rewrite Rabs_mult.
      replace (k + (d + j))%nat with (k + d + j)%nat by lia. pose proof (Rabs_pos (g (k + d + j)%nat)).
      destruct (C1 j) as [->|U]; [rewrite Rabs_R0; lra|rewrite U; lra].
Qed.
