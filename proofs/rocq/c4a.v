(** C4a: a shift register of tanh or sigmoid units recalls x_1 at one n <= d, with the closed-form bound. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis line c1.
Open Scope R_scope.

Lemma units d n eps h x k : (n <= d)%nat -> (k < n)%nat ->
  elman_step tanh d (C4a_weights n eps) h x k = tanh (match k with O => eps * x | S j => h j end).
Proof.
  intros Hd Hk. unfold elman_step, affine, C4a_weights; cbn [elman_h W U b].
  rewrite (shift_row d n k 1) by lia. f_equal. destruct k as [|k]; cbn [vec Nat.eqb]; lra.
Qed.

Lemma register d n eps x m : (1 <= n <= d)%nat -> forall k, (k < n)%nat -> (k <= m)%nat ->
  run (elman_step tanh d (C4a_weights n eps)) zero x (S m) k = line (S k) (eps * x (S m - k)%nat).
Proof.
  intros Hn. induction m as [|m IH]; intros k Hk Hm; rewrite run_S, units by lia.
  - now replace k with O by lia.
  - destruct k as [|k]; [reflexivity|]. rewrite IH by lia. reflexivity.
Qed.

Theorem tanh_recalls : C4a.
Proof.
  intros d n eps M Hn He HM x Hx. destruct n as [|m]; [lia|].
  replace (tanh_output d (C4a_weights (S m) eps) x (S m)) with (line (S m) (eps * x 1%nat) / eps).
  - apply line_error; auto. now apply box_bounds.
  - unfold tanh_output, elman_output, read. change (elman_start (C4a_weights (S m) eps)) with zero.
    unfold C4a_weights at 1 3; cbn [elman_out V v0]. rewrite dot_vec. cbn [terms]. decide_units.
    rewrite register by lia. replace (S m - (S m - 1))%nat with 1%nat by lia. replace (S (S m - 1)) with (S m) by lia.
    unfold Rdiv. ring.
Qed.

Lemma sigmoid_units d n eps h x k : (n <= d)%nat -> (k < n)%nat ->
  elman_step sigmoid d (C4a_sigmoid_weights n eps) h x k = (1 + tanh (match k with O => eps * x | S j => 2 * h j - 1 end)) / 2.
Proof.
  intros Hd Hk. rewrite <- sigmoid_tanh. unfold elman_step, affine, C4a_sigmoid_weights; cbn [elman_h W U b].
  rewrite (shift_row d n k 4) by lia. f_equal. replace (Nat.ltb k n) with true by (symmetry; apply Nat.ltb_lt; lia).
  destruct k as [|k]; cbn [vec Nat.eqb Nat.ltb Nat.leb andb]; lra.
Qed.

Lemma sigmoid_register d n eps x m : (1 <= n <= d)%nat -> forall k, (k < n)%nat -> (k <= m)%nat ->
  run (elman_step sigmoid d (C4a_sigmoid_weights n eps)) zero x (S m) k = (1 + line (S k) (eps * x (S m - k)%nat)) / 2.
Proof.
  intros Hn. induction m as [|m IH]; intros k Hk Hm; rewrite run_S, sigmoid_units by lia.
  - now replace k with O by lia.
  - destruct k as [|k]; [reflexivity|]. rewrite IH by lia. cbn [line Nat.sub]. do 3 f_equal. field.
Qed.

Theorem sigmoid_recalls : C4a_sigmoid.
Proof.
  intros d n eps M Hn He HM x Hx. destruct n as [|m]; [lia|].
  replace (sigmoid_output d (C4a_sigmoid_weights (S m) eps) x (S m)) with (line (S m) (eps * x 1%nat) / eps).
  - apply line_error; auto. now apply box_bounds.
  - unfold sigmoid_output, elman_output, read. change (elman_start (C4a_sigmoid_weights (S m) eps)) with zero.
    unfold C4a_sigmoid_weights at 1 3; cbn [elman_out V v0]. rewrite dot_vec. cbn [terms]. decide_units.
    rewrite sigmoid_register by lia. replace (S m - (S m - 1))%nat with 1%nat by lia.
    replace (S (S m - 1)) with (S m) by lia. field. lra.
Qed.
