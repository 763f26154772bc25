(** C13: two stacked diagonal layers with a ReLU between recall exactly, on the box, for ever. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma units d M h p x : (1 <= d)%nat ->
  snd (stacked_step d (C13_weights M) (h, p) x) 0%nat = / 2 * p 0%nat + 1 /\
  fst (stacked_step d (C13_weights M) (h, p) x) 0%nat
    = h 0%nat + relu (x + M - 4 * M * (/ 2 * p 0%nat + 1 - 1)).
Proof.
  intros Hd. unfold stacked_step, C13_weights; cbn [stacked_ap stacked_p stacked_u stacked_ah fst snd]; weights.
  split; [lra|]. f_equal; [lra|]. f_equal. lra.
Qed.

Theorem recalls : C13.
Proof.
  intros d M Hd HM [|n] Hn x Hx; [lia|]. apply exact_error. unfold stacked_output.
  change (stacked_start (C13_weights M)) with (zero, zero).
  enough (E : let s := run (stacked_step d (C13_weights M)) (zero, zero) x (S n) in
              1 <= snd s 0%nat /\ fst s 0%nat = x 1%nat + M).
  { destruct E as [_ E]. unfold C13_weights at 1. cbn [stacked_out]. weights. lra. }
  induction n as [|n IH]; cbv zeta in *; rewrite run_S; [simpl run|destruct IH as [I0 I1]; [lia|]].
  - pose proof (box_bounds M x 1 Hx).
    destruct (units d M zero zero (x 1%nat) Hd) as (-> & ->). unfold zero. rewrite relu_pos; lra.
  - pose proof (box_bounds M x (S (S n)) Hx).
    destruct (run (stacked_step d (C13_weights M)) (zero, zero) x (S n)) as [h p]. cbn [fst snd] in *.
    destruct (units d M h p (x (S (S n))) Hd) as (-> & ->). rewrite I1, relu_neg by nra. lra.
Qed.
