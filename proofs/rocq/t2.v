(** T2: a saturating cell is exact on no segment along x_1, however short, hence on no open set of inputs.

    Along the segment every quantity of the cell is a function of one real s whose k-th derivative is at most A C^k k!, with
    one A and C for all of R (tame.v). Such a function is zero everywhere right of an interval where it is zero; so an output
    that is x_1 on the segment grows with x_1 for ever, and it is bounded. *)

From Coq Require Import Reals List Lra Lia.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis tame.
Open Scope R_scope.

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

(** A tame function is bounded, and so is not s + c on an interval. *)
Lemma not_identity y a b c : tame (fun _ : unit => y) -> a < b -> ~ forall s, a < s < b -> y s = s + c.
Proof.
  intros Ty Hab E. destruct (tame_driven _ Ty) as (slope & D' & T). destruct Ty as (C' & A & _ & Bounds).
  destruct (tame_plus slope (fun _ _ => -1) T (tame_const (-1))) as (C & B & HC & H').
  set (y' := slope tt). pose proof (D' tt) as D. fold y' in D. pose proof (Bounds tt) as Ty.
  pose proof (H' tt) as H. fold y' in H. clear D' H' Bounds T.
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

(** * The theorem *)

Lemma along_driven c t : driven (fun (_ : unit) s => along c s t).
Proof.
  unfold along. destruct (Nat.eqb t 1); [|apply driven_const]. apply driven_plus; [apply driven_const|].
  exists (fun _ _ => 1). split; [intros _ s; apply @is_derive_id|apply tame_const].
Qed.

Lemma not_exact (y : network) (D : domain) c rho n : 0 < rho -> (forall r, Rabs r <= rho -> D (along c r)) ->
  tame (fun (_ : unit) s => y (along c s) n) -> ~ recalls_at 0 D n y.
Proof.
  intros Hr Sub T Rec. apply (not_identity _ (- rho) rho (c 1%nat) T ltac:(lra)). intros s Hs.
  specialize (Rec (along c s) (Sub s ltac:(apply abs_le; lra))). apply abs_le_inv in Rec.
  unfold along at 2 4 in Rec. simpl in Rec. lra.
Qed.

Theorem segment : T2_segment.
Proof.
  intros d n D (c & rho & Hr & Sub).
  repeat split; intros; apply (not_exact _ D c rho n Hr Sub).
  - apply (elman_tame (fun _ => along c)); [apply along_driven|apply tame_tanh].
  - apply (elman_tame (fun _ => along c)); [apply along_driven|apply tame_sigmoid].
  - apply (lstm_tame (fun _ => along c)), along_driven.
  - apply (gru_tame (fun _ => along c)), along_driven.
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
