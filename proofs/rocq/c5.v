(** C5: the tanh and the sigmoid RNN recall their first input up to N, with the closed-form bounds. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis line.
Open Scope R_scope.

Lemma units d B eps h x : (4 <= d)%nat ->
  let s := elman_step tanh d (C5_weights B eps) h x in
  s 0%nat = tanh B /\ s 1%nat = tanh (eps * x + B * h 0%nat) /\ s 2%nat = tanh (B * h 0%nat) /\
  s 3%nat = tanh (h 3%nat + h 1%nat - h 2%nat).
Proof. intros Hd. unfold elman_step, C5_weights; cbn [elman_h]; weights. repeat split; arguments. Qed.

Lemma readout_value d B eps x n : (4 <= d)%nat ->
  let h := run (elman_step tanh d (C5_weights B eps)) zero x n in
  tanh_output d (C5_weights B eps) x n = (h 3%nat + h 1%nat - h 2%nat) / eps.
Proof.
  intros Hd. unfold tanh_output, elman_output. change (elman_start (C5_weights B eps)) with zero.
  unfold C5_weights at 1; cbn [elman_out]. weights. unfold Rdiv. ring.
Qed.

Lemma edge_nonneg a delta : 0 <= a -> 0 <= delta -> 0 <= tanh a - tanh (a - delta).
Proof. intros. pose proof (tanh_le (a - delta) a ltac:(lra)). lra. Qed.

Theorem tanh_recalls : C5.
Proof.
  intros d N eps B M Hd He HB HM n Hn x Hx. rewrite readout_value by exact Hd. unfold C5_bound.
  set (a := B * tanh B). set (step := elman_step tanh d (C5_weights B eps)).
  assert (Ha : 0 <= a) by (unfold a; pose proof (tanh_nonneg B ltac:(lra)); nra).
  apply (latch_error (fun t => run step zero x t 3%nat + run step zero x t 1%nat - run step zero x t 2%nat));
    try assumption; try (now apply box_bounds).
  - apply edge_nonneg; [exact Ha|nra].
  - simpl run. destruct (units d B eps zero (x 1%nat) Hd) as (_ & E1 & E2 & E3).
    unfold step. rewrite E1, E2, E3. unfold zero. replace (0 + 0 - 0) with 0 by ring.
    replace (eps * x 1%nat + B * 0) with (eps * x 1%nat) by ring. rewrite Rmult_0_r, tanh_0. ring.
  - intros [|t] Ht; [lia|]. rewrite (run_S step zero x (S t)).
    destruct (units d B eps (run step zero x (S t)) (x (S (S t))) Hd) as (_ & E1 & E2 & E3).
    unfold step in *. rewrite E1, E2, E3. clear E1 E2 E3.
    replace (run (elman_step tanh d (C5_weights B eps)) zero x (S t) 0%nat) with (tanh B)
      by (rewrite run_S; now destruct (units d B eps (run (elman_step tanh d (C5_weights B eps)) zero x t) (x (S t)) Hd) as (-> & _)).
    fold a. set (u := tanh (_ + _ - _)).
    replace (u + tanh (eps * x (S (S t)) + a) - tanh a - u) with (tanh (eps * x (S (S t)) + a) - tanh a) by ring.
    apply edge; [exact Ha|]. rewrite Rabs_mult, Rabs_pos_eq by lra. apply Rmult_le_compat_l; [lra|apply Hx].
Qed.

(** The sigmoid RNN in u = 2h - 1. *)
Lemma sigmoid_units d B eps h x : (4 <= d)%nat ->
  let s := elman_step sigmoid d (C5_sigmoid_weights B eps) h x in
  s 0%nat = (1 + tanh B) / 2 /\ s 1%nat = (1 + tanh (eps * x + 2 * B * h 0%nat)) / 2 /\
  s 2%nat = (1 + tanh (2 * B * h 0%nat)) / 2 /\
  s 3%nat = (1 + tanh (2 * (h 3%nat + h 1%nat - h 2%nat) - h 0%nat)) / 2.
Proof.
  intros Hd. rewrite <- !sigmoid_tanh. unfold elman_step, C5_sigmoid_weights; cbn [elman_h]; weights.
  repeat split; f_equal; ring.
Qed.

Lemma sigmoid_readout d B eps x n : (4 <= d)%nat ->
  let h := run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x n in
  sigmoid_output d (C5_sigmoid_weights B eps) x n = (2 * (h 3%nat + h 1%nat - h 2%nat) - 1) / eps.
Proof.
  intros Hd. unfold sigmoid_output, elman_output. change (elman_start (C5_sigmoid_weights B eps)) with zero.
  unfold C5_sigmoid_weights at 1; cbn [elman_out]. weights. unfold Rdiv. ring.
Qed.

Theorem sigmoid_recalls : C5_sigmoid.
Proof.
  intros d N eps B M Hd He HB HM n Hn x Hx. rewrite sigmoid_readout by exact Hd. unfold C5_sigmoid_bound.
  set (a := B * (1 + tanh B)). set (q := sigmoid (- (2 * B))). set (step := elman_step sigmoid d (C5_sigmoid_weights B eps)).
  assert (Ha : 0 <= a) by (unfold a; pose proof (tanh_nonneg B ltac:(lra)); nra).
  assert (Hq : q = (1 - tanh B) / 2).
  { unfold q. replace (- (2 * B)) with (2 * - B) by ring. rewrite sigmoid_tanh, tanh_odd. field. }
  assert (Q : 0 < q) by apply sigmoid_pos.
  apply (latch_error (fun t => 2 * (run step zero x t 3%nat + run step zero x t 1%nat - run step zero x t 2%nat) - 1));
    try assumption; try (now apply box_bounds).
  - pose proof (edge_nonneg a (eps * M) Ha ltac:(nra)). lra.
  - simpl run. destruct (sigmoid_units d B eps zero (x 1%nat) Hd) as (_ & E1 & E2 & E3).
    unfold step. rewrite E1, E2, E3. unfold zero. replace (2 * (0 + 0 - 0) - 0) with 0 by ring.
    replace (eps * x 1%nat + 2 * B * 0) with (eps * x 1%nat) by ring. rewrite Rmult_0_r, tanh_0. field.
  - intros [|t] Ht; [lia|]. rewrite (run_S step zero x (S t)).
    destruct (sigmoid_units d B eps (run step zero x (S t)) (x (S (S t))) Hd) as (_ & E1 & E2 & E3).
    unfold step in *. rewrite E1, E2, E3. clear E1 E2 E3.
    assert (F : run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x (S t) 0%nat = (1 + tanh B) / 2)
      by (rewrite run_S; now destruct (sigmoid_units d B eps (run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x t)
        (x (S t)) Hd) as (-> & _)).
    rewrite F. replace (2 * B * ((1 + tanh B) / 2)) with a by (unfold a; field).
    set (h := run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x (S t)) in *.
    set (m := 2 * (h 3%nat + h 1%nat - h 2%nat)). replace (m - (1 + tanh B) / 2) with ((m - 1) + q) by (rewrite Hq; field).
    pose proof (tanh_lipschitz (m - 1 + q) (m - 1)) as T. replace (m - 1 + q - (m - 1)) with q in T by ring.
    rewrite (Rabs_pos_eq q) in T by lra.
    assert (G : Rabs (tanh (eps * x (S (S t)) + a) - tanh a) <= tanh a - tanh (a - eps * M)).
    { apply edge; [exact Ha|]. rewrite Rabs_mult, Rabs_pos_eq by lra. apply Rmult_le_compat_l; [lra|apply Hx]. }
    apply abs_le_inv in T. apply abs_le_inv in G. apply abs_le. lra.
Qed.
