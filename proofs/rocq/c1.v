(** C1: the linear shift register recalls x_1 exactly at n, on R, in n <= d units. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma shift_row d n k (c : R) (h : vector) : (n <= d)%nat -> (k < n)%nat ->
  dot d (fun j => if (Nat.eqb k (S j) && Nat.ltb k n)%bool then c else 0) h =
  match k with O => 0 | S j => c * h j end.
Proof.
  intros Hd Hk. destruct k as [|j].
  - apply sum_zero; intros; simpl; lra.
  - unfold dot. replace (Nat.ltb (S j) n) with true by (symmetry; apply Nat.ltb_lt; lia).
    transitivity (sum d (fun i => (if Nat.eqb i j then c else 0) * h i)).
    + apply sum_ext; intros i _. rewrite Bool.andb_true_r. simpl. now rewrite Nat.eqb_sym.
    + rewrite sum_single. replace (Nat.ltb j d) with true by (symmetry; apply Nat.ltb_lt; lia). reflexivity.
Qed.

Lemma units d n h x k : (n <= d)%nat -> (k < n)%nat ->
  elman_step (fun z => z) d (C1_weights n) h x k = match k with O => x | S j => h j end.
Proof.
  intros Hd Hk. unfold elman_step, affine, C1_weights; cbn [elman_h W U b].
  rewrite (shift_row d n k 1) by lia. destruct k as [|k]; cbn [vec Nat.eqb]; lra.
Qed.

Lemma register d n x m : (1 <= n <= d)%nat -> forall k, (k < n)%nat -> (k <= m)%nat ->
  run (elman_step (fun z => z) d (C1_weights n)) zero x (S m) k = x (S m - k)%nat.
Proof.
  intros Hn. induction m as [|m IH]; intros k Hk Hm; rewrite run_S, units by lia.
  - now replace k with O by lia.
  - destruct k as [|k]; [reflexivity|]. rewrite IH by lia. reflexivity.
Qed.

Theorem recalls : C1.
Proof.
  intros d n Hn x _. apply exact_error. unfold linear_output, elman_output, read.
  change (elman_start (C1_weights n)) with zero. unfold C1_weights at 1 3; cbn [elman_out V v0].
  rewrite dot_vec. cbn [terms]. decide_units. destruct n as [|m]; [lia|].
  rewrite register by lia. replace (S m - (S m - 1))%nat with 1%nat by lia. lra.
Qed.
