(** C2-doubling, C15: a unit that doubles has the error M (1 - 2^-(N-1)) at every n <= N. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

(** The state after m + 1 steps is 2^m x_1 up to M (2^m - 1), which later inputs -M attain. *)
Fixpoint doubled (x : sequence) (t : nat) : R := match t with O => 0 | S t' => 2 * doubled x t' + x t end.

Lemma doubled_near M x m : box M x -> Rabs (doubled x (S m) - 2 ^ m * x 1%nat) <= M * (2 ^ m - 1).
Proof.
  intros Hx. induction m as [|m IH]; [simpl; apply abs_le; lra|].
  change (doubled x (S (S m))) with (2 * doubled x (S m) + x (S (S m))).
  pose proof (box_bounds M x (S (S m)) Hx). apply abs_le_inv in IH. apply abs_le. simpl pow. lra.
Qed.

Definition turning (M : R) : sequence := fun t => if Nat.eqb t 1 then M else - M.

Lemma doubled_turning M m : doubled (turning M) (S m) = M.
Proof.
  induction m as [|m IH]; [unfold turning; simpl; ring|].
  change (doubled (turning M) (S (S m))) with (2 * doubled (turning M) (S m) - M). rewrite IH. ring.
Qed.

Lemma error (y : network) N n M : (1 <= n <= N)%nat -> 0 <= M -> (forall x, y x n = / 2 ^ (N - 1) * doubled x n) ->
  error_is (M * (1 - / 2 ^ (N - 1))) (box M) n y.
Proof.
  intros Hn HM Y. destruct n as [|m]; [lia|]. set (P := 2 ^ (N - 1)) in *.
  assert (HP : 1 <= 2 ^ m <= P) by (split; [apply pow_R1_Rle; lra|apply Rle_pow; [lra|lia]]).
  assert (IP : 0 < / P <= 1) by (split; [apply Rinv_0_lt_compat; lra|rewrite <- Rinv_1; apply Rinv_le_contravar; lra]).
  split.
  - intros r (x & Hx & ->). rewrite Y. pose proof (doubled_near M x m Hx) as D. set (h := doubled x (S m)) in *. clearbody h.
    replace (/ P * h - x 1%nat) with (/ P * (h - P * x 1%nat)) by (field; lra).
    replace (M * (1 - / P)) with (/ P * (M * (P - 1))) by (field; lra).
    rewrite Rabs_mult, (Rabs_pos_eq (/ P)) by lra. apply Rmult_le_compat_l; [lra|].
    pose proof (box_bounds M x 1 Hx). apply abs_le_inv in D. apply abs_le. nra.
  - intros e He. apply He. exists (turning M). split.
    + intros t. unfold turning. destruct (Nat.eqb t 1); [|rewrite Rabs_Ropp]; rewrite Rabs_pos_eq; lra.
    + rewrite Y, doubled_turning. unfold turning. simpl. rewrite Rabs_minus_sym, Rabs_pos_eq; nra.
Qed.

Theorem linear : C2_doubling.
Proof.
  intros d N n M Hd Hn HM. apply error; try assumption. intros x. unfold linear_output, elman_output.
  change (elman_start (C2_doubling_weights N)) with zero.
  unfold C2_doubling_weights at 1, doubling_readout; cbn [elman_out]. weights. f_equal.
  clear Hn. induction n as [|n IH]; [reflexivity|]. rewrite run_S.
  change (doubled x (S n)) with (2 * doubled x n + x (S n)). rewrite <- IH. set (h := run _ _ _ n). clearbody h.
  unfold elman_step, C2_doubling_weights; cbn [elman_h]. weights. lra.
Qed.

Theorem diagonal : C15.
Proof.
  intros d N n M Hd Hn HM. apply error; try assumption. intros x. unfold diagonal_output, diagonal_state.
  unfold doubling_readout; weights. f_equal. clear Hn. induction n as [|n IH]; [reflexivity|]. rewrite run_S.
  change (doubled x (S n)) with (2 * doubled x n + x (S n)). rewrite <- IH. set (h := run _ _ _ n). clearbody h.
  unfold diagonal_step, C15_weights, affine_diagonal; cbn [diagonal_a diagonal_b]. weights. lra.
Qed.
