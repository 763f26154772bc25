(** C11: a linear state with non-commuting input-dependent transitions recalls exactly, on R, for ever. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma units d h x : (2 <= d)%nat ->
  bilinear_step d C11_weights h x 0%nat = 1 /\
  bilinear_step d C11_weights h x 1%nat = h 1%nat + x * (1 - h 0%nat).
Proof.
  intros Hd. unfold bilinear_step, C11_weights; cbn [bilinear_a bilinear_x]; weights. split; lra.
Qed.

Theorem recalls : C11.
Proof.
  intros d Hd [|n] Hn x _; [lia|]. apply exact_error. unfold bilinear_output.
  change (bilinear_start C11_weights) with zero.
  enough (E : run (bilinear_step d C11_weights) zero x (S n) 0%nat = 1 /\
              run (bilinear_step d C11_weights) zero x (S n) 1%nat = x 1%nat).
  { unfold C11_weights at 1. cbn [bilinear_out]. weights. lra. }
  induction n as [|n IH]; rewrite run_S; [simpl run|destruct IH as [I0 I1]; [lia|]].
  - destruct (units d zero (x 1%nat) Hd) as (-> & ->). unfold zero. lra.
  - destruct (units d (run (bilinear_step d C11_weights) zero x (S n)) (x (S (S n))) Hd) as (-> & ->). rewrite I0, I1. lra.
Qed.
