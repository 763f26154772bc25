(** C3: a ReLU RNN recalls its first input exactly, on the box, for ever. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma units d M h x : (3 <= d)%nat ->
  elman_step relu d (C3_weights M) h x 0%nat = relu 1 /\
  elman_step relu d (C3_weights M) h x 1%nat = relu (x + M - 2 * M * h 0%nat) /\
  elman_step relu d (C3_weights M) h x 2%nat = relu (h 2%nat + h 1%nat).
Proof.
  intros Hd. unfold elman_step, C3_weights; cbn [elman_h]; weights. repeat split; f_equal; lra.
Qed.

Lemma invariant d M x n : (3 <= d)%nat -> 0 < M -> box M x ->
  let h := run (elman_step relu d (C3_weights M)) zero x (S n) in
  h 0%nat = 1 /\ 0 <= h 1%nat /\ 0 <= h 2%nat /\ h 1%nat + h 2%nat = x 1%nat + M.
Proof.
  intros Hd HM Hx. induction n as [|n IH]; cbv zeta in *; rewrite run_S.
  - pose proof (box_bounds M x 1 Hx). simpl run.
    destruct (units d M zero (x 1%nat) Hd) as (-> & -> & ->). unfold zero. rewrite !relu_pos by lra. lra.
  - pose proof (box_bounds M x (S (S n)) Hx). destruct IH as (I0 & I1 & I2 & I3).
    destruct (units d M (run (elman_step relu d (C3_weights M)) zero x (S n)) (x (S (S n))) Hd) as (-> & -> & ->).
    rewrite I0, (relu_neg (_ + _ - _)) by lra. rewrite !relu_pos by lra. lra.
Qed.

Theorem recalls : C3.
Proof.
  intros d M Hd HM [|n] Hn x Hx; [lia|]. apply exact_error.
  destruct (invariant d M x n Hd HM Hx) as (_ & _ & _ & E).
  unfold relu_output, elman_output. change (elman_start (C3_weights M)) with zero.
  unfold C3_weights at 1. cbn [elman_out]. weights. lra.
Qed.
