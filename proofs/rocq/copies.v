(** C10 at given numbers: delay lines that copy, as certificates list them. *)

From Coq Require Import Reals List ZArith Lra Lia FunctionalExtensionality.
From Recall Require Import definitions statements basics analysis line c5 numbers listed.
From Recall Require Import c10 c10_gru.
Import ListNotations.
Open Scope R_scope.

Lemma next_listed (c : R) n : mat (map (fun k => (k, S k, c)) (seq 0 (n - 1))) =
  fun k j => if (Nat.eqb j (S k) && Nat.ltb j n)%bool then c else 0.
Proof.
  transitivity (fun k j => mat (map (fun j => (S j, j, c)) (seq 0 (n - 1))) j k).
  - extensionality k. extensionality j. induction (seq 0 (n - 1)) as [|i l IH]; cbn [map mat]; [reflexivity|].
    rewrite IH, Bool.andb_comm. reflexivity.
  - rewrite shift_listed. reflexivity.
Qed.

Lemma blank_listed k : vec [] = vec [k |-> 0].
Proof. extensionality j. cbn [vec]. destruct (Nat.eqb j k); lra. Qed.

Lemma copies_less delta tol M n y : delta <= tol -> copies delta M n y -> copies tol M n y.
Proof. intros L H x j Hx Hj. specialize (H x j Hx Hj). lra. Qed.

Theorem linear_copy_certified d n M tol : (1 <= n <= d)%nat -> 0 < M -> 0 <= tol -> copies tol M n (linear_output d (C10_weights n 1 0)).
Proof. intros Hn HM Tol. apply (copies_less 0); [exact Tol|]. now apply (c10.copied d n M Hn HM). Qed.

Theorem relu_copy_certified d n M tol : (1 <= n <= d)%nat -> 0 < M -> 0 <= tol -> copies tol M n (relu_output d (C10_weights n 1 M)).
Proof. intros Hn HM Tol. apply (copies_less 0); [exact Tol|]. now apply (c10.copied d n M Hn HM). Qed.

Theorem tanh_copy_certified d n eps M q tol : (1 <= n <= d)%nat -> 0 < eps -> 0 < M ->
  q = IZR (Z.of_nat n) * (eps * M) ^ 2 * (2 / 3 + (eps * M) ^ 2 / 15) -> M * lost q <= tol ->
  copies tol M n (tanh_output d (C10_weights n eps 0)).
Proof.
  intros Hn He HM Eq Tol. apply (copies_less (M * (1 - kept n (eps * M)))).
  - eapply Rle_trans; [|exact Tol]. apply (line_loss n (Z.of_nat n)); try assumption. apply INR_IZR_INZ.
  - now apply (c10.copied d n M Hn HM).
Qed.

Theorem gru_copy_certified after keeps d n eps K M q tol : (1 <= n <= d)%nat -> 0 < eps -> 0 < M ->
  q = IZR (Z.of_nat n) * (eps * M) ^ 2 * (2 / 3 + (eps * M) ^ 2 / 15) ->
  M * lost q + 2 * M * (IZR (Z.of_nat n) * exp (- K)) <= tol ->
  copies tol M n (gru_output after keeps d (C10_gru_weights keeps n eps K)).
Proof.
  intros Hn He HM Eq Tol. eapply copies_less; [|now apply (c10_gru.copied after keeps d n eps K M Hn He HM)].
  eapply Rle_trans; [|exact Tol]. apply Rplus_le_compat.
  - apply (line_loss n (Z.of_nat n)); try assumption. apply INR_IZR_INZ.
  - apply Rmult_le_compat_l; [lra|]. rewrite <- INR_IZR_INZ.
    pose proof (bernoulli (1 - sigmoid K) n ltac:(pose proof (sigmoid_pos K); pose proof (sigmoid_lt_1 K); lra)) as Bn.
    replace (1 - (1 - sigmoid K)) with (sigmoid K) in Bn by ring. pose proof (sigmoid_gap K) as Gap.
    assert (INR n * (1 - sigmoid K) <= INR n * exp (- K)) by (apply Rmult_le_compat_l; [apply pos_INR|exact Gap]). lra.
Qed.
