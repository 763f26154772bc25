(** C10: delay lines of n units copy n numbers, with linear, ReLU and tanh units. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics analysis line.
Open Scope R_scope.

Lemma next_slot d n k c h : (n <= d)%nat ->
  dot d (fun j => if (Nat.eqb j (S k) && Nat.ltb j n)%bool then c else 0) h = if Nat.ltb (S k) n then c * h (S k) else 0.
Proof.
  intros Hd. unfold dot. destruct (Nat.ltb_spec (S k) n) as [L|G].
  - rewrite (sum_ext d _ (fun j => (if Nat.eqb j (S k) then c else 0) * h j)).
    + rewrite sum_single. replace (Nat.ltb (S k) d) with true by (symmetry; apply Nat.ltb_lt; lia). lra.
    + intros j _. destruct (Nat.eqb_spec j (S k)) as [->|]; [|reflexivity].
      now replace (Nat.ltb (S k) n) with true by (symmetry; now apply Nat.ltb_lt).
  - apply sum_zero. intros j _. destruct (Nat.eqb_spec j (S k)) as [->|]; [|cbn; ring].
    replace (Nat.ltb (S k) n) with false by (symmetry; now apply Nat.ltb_ge). cbn. ring.
Qed.

Fixpoint iterated (act : R -> R) (j : nat) (z : R) : R := match j with O => z | S k => act (iterated act k z) end.

Lemma units act d n eps bias h x k : (n <= d)%nat ->
  elman_step act d (C10_weights n eps bias) h x k =
  act ((if Nat.ltb (S k) n then h (S k) else 0) + (if Nat.eqb k (n - 1) then eps * x + bias else 0)).
Proof.
  intros Hd. unfold elman_step, affine, C10_weights; cbn [elman_h W U b vec]. rewrite next_slot by exact Hd.
  f_equal. destruct (Nat.eqb k (n - 1)), (Nat.ltb (S k) n); lra.
Qed.

(** Slot n - 1 - j shows the input of j steps before. *)
Lemma slots act d n eps bias x : (1 <= n <= d)%nat -> forall m j, (j < n)%nat -> (j <= m)%nat ->
  run (elman_step act d (C10_weights n eps bias)) zero x (S m) (n - 1 - j)%nat = iterated act (S j) (eps * x (S m - j)%nat + bias).
Proof.
  intros Hn m. induction m as [|m IH]; intros j Hj Hm; rewrite run_S, units by lia; cbn [iterated]; f_equal.
  - replace j with O by lia. replace (Nat.ltb (S (n - 1 - 0)) n) with false by (symmetry; apply Nat.ltb_ge; lia).
    replace (Nat.eqb (n - 1 - 0) (n - 1)) with true by (symmetry; apply Nat.eqb_eq; lia). cbn [iterated Nat.sub]. lra.
  - destruct j as [|j].
    + replace (Nat.ltb (S (n - 1 - 0)) n) with false by (symmetry; apply Nat.ltb_ge; lia).
      replace (Nat.eqb (n - 1 - 0) (n - 1)) with true by (symmetry; apply Nat.eqb_eq; lia). cbn [iterated Nat.sub]. lra.
    + replace (Nat.eqb (n - 1 - S j) (n - 1)) with false by (symmetry; apply Nat.eqb_neq; lia).
      replace (Nat.ltb (S (n - 1 - S j)) n) with true by (symmetry; apply Nat.ltb_lt; lia).
      replace (S (n - 1 - S j)) with (n - 1 - j)%nat by lia. rewrite IH by lia. cbn [Nat.sub]. apply Rplus_0_r.
Qed.

Lemma output act d n eps bias x j : (1 <= n <= d)%nat -> (1 <= j <= n)%nat -> 0 < eps ->
  elman_output act d (C10_weights n eps bias) (blanked n x) (n + j - 1) = (iterated act n (eps * x j + bias) - bias) / eps.
Proof.
  intros Hn Hj He. unfold elman_output, read. change (elman_start (C10_weights n eps bias)) with zero.
  unfold C10_weights at 1 3; cbn [elman_out V v0]. rewrite dot_vec. cbn [terms]. decide_units.
  replace (n + j - 1)%nat with (S (n + j - 2)) by lia. replace 0%nat with (n - 1 - (n - 1))%nat at 2 by lia.
  rewrite slots by lia. replace (S (n - 1)) with n by lia. replace (S (n + j - 2) - (n - 1))%nat with j by lia.
  unfold blanked. replace (Nat.leb j n) with true by (symmetry; apply Nat.leb_le; lia). field. lra.
Qed.

Theorem copied : C10.
Proof.
  intros d n M Hn HM. split; [|split].
  - intros x j Hx Hj. unfold linear_output. rewrite output by (try assumption; lra).
    assert (E : forall k z, iterated (fun y => y) k z = z) by (induction k as [|k IH]; intros z; cbn [iterated];
      [reflexivity|apply IH]).
    rewrite E. replace ((1 * x j + 0 - 0) / 1 - x j) with 0 by field. rewrite Rabs_R0. lra.
  - intros x j Hx Hj. unfold relu_output. rewrite output by (try assumption; lra). pose proof (box_bounds M x j Hx).
    assert (E : forall k z, 0 <= z -> iterated relu k z = z).
    { induction k as [|k IH]; intros z Hz; cbn [iterated]; [reflexivity|]. rewrite IH by exact Hz. now apply relu_pos. }
    rewrite E by lra. replace ((1 * x j + M - M) / 1 - x j) with 0 by field. rewrite Rabs_R0. lra.
  - intros eps He x j Hx Hj. unfold tanh_output. rewrite output by assumption.
    assert (E : forall k z, iterated tanh k z = line k z) by (induction k as [|k IH]; intros z; cbn [iterated line];
      [reflexivity|now rewrite IH]).
    rewrite E, Rplus_0_r, Rminus_0_r. apply line_error; auto. now apply box_bounds.
Qed.
