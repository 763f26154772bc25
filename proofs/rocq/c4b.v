(** C4b: one exploding tanh unit recalls x_1 at one n of any length, with the closed-form bound. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

Lemma unit_step d lambda eps n h x : (1 <= d)%nat ->
  elman_step tanh d (C4b_weights lambda eps n) h x 0%nat = tanh (lambda * h 0%nat + eps * x).
Proof. intros Hd. unfold elman_step, C4b_weights; cbn [elman_h]; weights. arguments. Qed.

Lemma cube_loss z : Rabs (tanh z - z) <= Rabs z ^ 3 / 3.
Proof.
  assert (H : forall y, 0 <= y -> Rabs (tanh y - y) <= y ^ 3 / 3).
  { intros y Hy. pose proof (tanh_cube y Hy). pose proof (tanh_le_id y Hy). assert (0 <= y ^ 3) by (apply pow_le; lra).
  apply abs_le. lra. }
  unfold Rabs at 2. destruct (Rcase_abs z) as [N|P]; [|apply H; lra].
  specialize (H (- z) ltac:(lra)). rewrite tanh_odd in H. rewrite <- Rabs_Ropp.
  replace (- (tanh z - z)) with (- tanh z - - z) by ring. exact H.
Qed.

Section exploding.
Variables (d n : nat) (lambda eps M : R).
Hypotheses (Hd : (1 <= d)%nat) (Hl : 1 < lambda) (He : 0 < eps) (HM : 0 < M).
Let mu := lambda - 1.
Let h (x : sequence) (t : nat) : R := run (elman_step tanh d (C4b_weights lambda eps n)) zero x t 0%nat.
Let argument (x : sequence) (t : nat) : R := lambda * h x t + eps * x (S t).

Lemma next x t : h x (S t) = tanh (argument x t).
Proof. unfold h. rewrite run_S. now apply unit_step. Qed.

Lemma size x t : box M x -> mu * Rabs (argument x t) <= eps * M * (lambda ^ S t - 1).
Proof.
  intros Hx. assert (Mu : 0 < mu) by (unfold mu; lra).
  assert (In : forall t, Rabs (eps * x t) <= eps * M) by (intros s; rewrite Rabs_mult, Rabs_pos_eq by lra;
    apply Rmult_le_compat_l; [lra|apply Hx]).
  induction t as [|t IH].
  - unfold argument, h. cbn [run]. unfold zero. replace (lambda * 0 + eps * x 1%nat) with (eps * x 1%nat) by ring.
    simpl pow. rewrite Rmult_1_r. fold mu. specialize (In 1%nat). nra.
  - unfold argument at 1. rewrite next. pose proof (Rabs_triang (lambda * tanh (argument x t)) (eps * x (S (S t)))) as T.
    rewrite Rabs_mult, (Rabs_pos_eq lambda) in T by lra. pose proof (tanh_abs (argument x t)). specialize (In (S (S t))).
    change (lambda ^ S (S t)) with (lambda * lambda ^ S t). set (p := lambda ^ S t) in *.
    set (z := Rabs (argument x t)) in *. apply Rle_trans with (mu * (lambda * z + eps * M)).
    + apply Rmult_le_compat_l; [lra|].
      assert (lambda * Rabs (tanh (argument x t)) <= lambda * z) by (apply Rmult_le_compat_l; lra). lra.
    + unfold mu in *. nra.
Qed.

(** (eps M / mu)^3 / 3: the cube at step t is at most this times lambda^(3 t). *)
Let c : R := (eps * M / mu) ^ 3 / 3.

Lemma c_nonneg : 0 <= c.
Proof.
  unfold c. assert (0 < mu) by (unfold mu; lra).
  assert (0 <= eps * M / mu) by (apply Rmult_le_pos; [nra|left; now apply Rinv_0_lt_compat]).
  assert (0 <= (eps * M / mu) ^ 3) by now apply pow_le. lra.
Qed.

Lemma loss x t : box M x -> Rabs (h x (S t) - argument x t) <= c * (lambda ^ S t) ^ 3.
Proof.
  intros Hx. rewrite next. eapply Rle_trans; [apply cube_loss|]. assert (Mu : 0 < mu) by (unfold mu; lra).
  assert (B : Rabs (argument x t) <= eps * M / mu * lambda ^ S t).
  { apply Rmult_le_reg_l with mu; [exact Mu|].
  replace (mu * (eps * M / mu * lambda ^ S t)) with (eps * M * lambda ^ S t) by (field; lra).
    pose proof (size x t Hx). assert (0 < eps * M) by nra. nra. }
  assert (Rabs (argument x t) ^ 3 <= (eps * M / mu * lambda ^ S t) ^ 3) by (apply pow_incr; split; [apply Rabs_pos|exact B]).
  rewrite Rpow_mult_distr in H. unfold c. lra.
Qed.

Lemma kept_value x t : box M x ->
  Rabs (h x (S t) - eps * lambda ^ t * x 1%nat) <=
  eps * M * (lambda ^ t - 1) / mu
    + c * lambda ^ t * lambda * (lambda * lambda * (lambda ^ t) ^ 2 - 1) * lambda ^ 2 / (lambda * lambda - 1).
Proof.
  intros Hx. assert (Mu : 0 < mu) by (unfold mu; lra). pose proof c_nonneg as C0.
  assert (L2 : 0 < lambda * lambda - 1) by nra. assert (L3 : lambda * lambda - 1 <> 0) by lra.
  induction t as [|t IH].
  - pose proof (loss x 0 Hx) as L. replace (argument x 0) with (eps * x 1%nat) in L by (unfold argument, h; cbn [run];
      unfold zero; ring).
    simpl pow. rewrite !Rmult_1_r. simpl pow in L. rewrite !Rmult_1_r in L.
    replace (eps * M * (1 - 1) / mu) with 0 by (field; lra).
    replace (c * lambda * (lambda * lambda - 1) * (lambda * lambda) / (lambda * lambda - 1)) with (c * (lambda * (lambda * lambda)))
      by (field; lra). lra.
  - pose proof (loss x (S t) Hx) as L. unfold argument in L. set (p := lambda ^ t) in *.
    change (lambda ^ S t) with (lambda * p) in *.
    change (lambda ^ S (S t)) with (lambda * (lambda * p)) in L.
    assert (X : Rabs (eps * x (S (S t))) <= eps * M) by (rewrite Rabs_mult, Rabs_pos_eq by lra; apply Rmult_le_compat_l;
      [lra|apply Hx]).
    replace (h x (S (S t)) - eps * (lambda * p) * x 1%nat)
      with ((h x (S (S t)) - (lambda * h x (S t) + eps * x (S (S t)))) + (lambda * (h x (S t) - eps * p * x 1%nat)
        + eps * x (S (S t)))) by ring.
    eapply Rle_trans; [apply Rabs_triang|].
    pose proof (Rabs_triang (lambda * (h x (S t) - eps * p * x 1%nat)) (eps * x (S (S t)))) as T.
    rewrite Rabs_mult, (Rabs_pos_eq lambda) in T by lra.
    assert (lambda * Rabs (h x (S t) - eps * p * x 1%nat) <= lambda * (eps * M * (p - 1) / mu
      + c * p * lambda * (lambda * lambda * p ^ 2 - 1) * lambda ^ 2 / (lambda * lambda - 1)))
      by (apply Rmult_le_compat_l; lra).
    apply Rle_trans with (c * (lambda * (lambda * p)) ^ 3 + (lambda * (eps * M * (p - 1) / mu
      + c * p * lambda * (lambda * lambda * p ^ 2 - 1) * lambda ^ 2 / (lambda * lambda - 1)) + eps * M));
      [lra|]. right. unfold mu. field. split; lra.
Qed.

Lemma bounded : (1 <= n)%nat -> recalls_at (C4b_bound n M lambda eps) (box M) n (tanh_output d (C4b_weights lambda eps n)).
Proof.
  intros Hn x Hx. set (t := (n - 1)%nat). assert (En : n = S t) by (unfold t; lia).
  replace (tanh_output d (C4b_weights lambda eps n) x n) with (/ (eps * lambda ^ t) * h x (S t)).
  - pose proof (kept_value x t Hx) as K. assert (P : 0 < lambda ^ t) by (apply pow_lt; lra).
    assert (Mu : 0 < mu) by (unfold mu; lra).
    assert (EP : 0 < eps * lambda ^ t) by nra.
    replace (/ (eps * lambda ^ t) * h x (S t) - x 1%nat)
      with (/ (eps * lambda ^ t) * (h x (S t) - eps * lambda ^ t * x 1%nat)) by (field; lra).
    rewrite Rabs_mult, Rabs_pos_eq by (left; now apply Rinv_0_lt_compat).
    apply Rmult_le_reg_l with (eps * lambda ^ t); [exact EP|].
    replace (eps * lambda ^ t * (/ (eps * lambda ^ t) * Rabs (h x (S t) - eps * lambda ^ t * x 1%nat)))
      with (Rabs (h x (S t) - eps * lambda ^ t * x 1%nat)) by (field; lra).
    eapply Rle_trans; [exact K|]. right. unfold C4b_bound, c. fold t.
    replace (lambda ^ (2 * n)) with (lambda * lambda * (lambda ^ t) ^ 2)
      by (replace (2 * n)%nat with (S (S (t + t))) by lia; simpl; rewrite pow_add; ring).
    fold mu. set (p := lambda ^ t) in *. replace (lambda * lambda - 1) with (mu * (lambda + 1)) by (unfold mu; ring). field. lra.
  - unfold tanh_output, elman_output. change (elman_start (C4b_weights lambda eps n)) with zero.
    unfold C4b_weights at 1; cbn [elman_out]. weights. fold t. unfold h. rewrite <- En. reflexivity.
Qed.
End exploding.

Theorem explodes : C4b.
Proof. intros d n lambda eps M Hd Hn Hl He HM. now apply bounded. Qed.

Theorem any : C4b_any.
Proof.
  intros d n M delta Hd Hn HM Hdelta. set (lambda := 1 + 2 * M / delta).
  assert (Ratio : 0 < 2 * M / delta) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  assert (Hl : 1 < lambda) by (unfold lambda; lra).
  set (c := M ^ 3 * lambda ^ 3 * (lambda ^ (2 * n) - 1) / (3 * (lambda - 1) ^ 4 * (lambda + 1))).
  assert (C0 : 0 <= c).
  { unfold c. assert (1 <= lambda ^ (2 * n)) by (apply pow_R1_Rle; lra). assert (0 < (lambda - 1) ^ 4) by (apply pow_lt; lra).
    apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; nra]. repeat apply Rmult_le_pos; try (apply pow_le); lra. }
  set (eps := Rmin 1 (delta / (2 * (c + 1)))).
  assert (Q : 0 < delta / (2 * (c + 1))) by (apply Rmult_lt_0_compat; [exact Hdelta|apply Rinv_0_lt_compat; lra]).
  assert (E : 0 < eps <= 1) by (unfold eps; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Small : eps * c <= delta / 2).
  { apply Rle_trans with (delta / (2 * (c + 1)) * c); [apply Rmult_le_compat_r; [exact C0|apply Rmin_r]|].
    apply Rmult_le_reg_r with (2 * (c + 1)); [lra|].
    replace (delta / (2 * (c + 1)) * c * (2 * (c + 1))) with (delta * c) by (field; lra). nra. }
  exists lambda, eps. apply (recalls_less (C4b_bound n M lambda eps)); [|apply explodes; try assumption; lra].
  unfold C4b_bound. cbv zeta. assert (P : 0 < lambda ^ (n - 1)) by (apply pow_lt; lra). pose proof (Rinv_0_lt_compat _ P).
  replace (eps ^ 2 * M ^ 3 * lambda ^ 3 * (lambda ^ (2 * n) - 1) / (3 * (lambda - 1) ^ 4 * (lambda + 1))) with (eps ^ 2 * c)
    by (unfold c; field; repeat split; lra).
  assert (eps ^ 2 * c <= eps * c) by (replace (eps ^ 2 * c) with (eps * (eps * c)) by ring;
    assert (0 <= eps * c) by (apply Rmult_le_pos; lra); nra).
  assert (M * (1 - / lambda ^ (n - 1)) / (lambda - 1) <= delta / 2); [|lra].
  replace (lambda - 1) with (2 * M / delta) by (unfold lambda; ring).
  replace (M * (1 - / lambda ^ (n - 1)) / (2 * M / delta)) with ((1 - / lambda ^ (n - 1)) * (delta / 2)) by (field; split; lra).
  nra.
Qed.
