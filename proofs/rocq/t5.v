(** T5: the lattice-path theorem for one diagonal layer with input-dependent gates. *)

From Coq Require Import Reals List Binomial Lra Lia.
From Recall Require Import definitions statements basics.
Import ListNotations.
Open Scope R_scope.

(** * Lattice paths: words in + (true) and - (false), the last input first *)

Fixpoint pluses (w : list bool) : nat := match w with [] => O | s :: w' => if s then S (pluses w') else pluses w' end.
Fixpoint minuses (w : list bool) : nat := match w with [] => O | s :: w' => if s then minuses w' else S (minuses w') end.

Lemma pluses_app u v : pluses (u ++ v) = (pluses u + pluses v)%nat.
Proof. induction u as [|[] u IH]; simpl; lia. Qed.

Lemma minuses_app u v : minuses (u ++ v) = (minuses u + minuses v)%nat.
Proof. induction u as [|[] u IH]; simpl; lia. Qed.

Lemma length_counts w : length w = (pluses w + minuses w)%nat.
Proof. induction w as [|[] w IH]; simpl; lia. Qed.

Lemma C_0 n : C n 0 = 1.
Proof. unfold C. rewrite Nat.sub_0_r. simpl. field. apply INR_fact_neq_0. Qed.

Lemma C_n n : C n n = 1.
Proof. unfold C. rewrite Nat.sub_diag. simpl. field. apply INR_fact_neq_0. Qed.

Lemma C_pos n i : 0 < C n i.
Proof.
  unfold C. apply Rmult_lt_0_compat; [apply INR_fact_lt_0|].
  apply Rinv_0_lt_compat, Rmult_lt_0_compat; apply INR_fact_lt_0.
Qed.

Section paths.
Variables (P Q c : nat -> nat -> R).

Fixpoint value (i j : nat) (w : list bool) : R :=
  match w with
  | [] => 0
  | true :: w' => P i j + value (S i) j w'
  | false :: w' => Q i j + value i (S j) w'
  end.

Lemma value_app i j u v :
  value i j (u ++ v) = value i j u + value (i + pluses u) (j + minuses u) v.
Proof.
  revert i j. induction u as [|[] u IH]; intros i j; simpl.
  - rewrite !Nat.add_0_r. lra.
  - rewrite IH. replace (S i + pluses u)%nat with (i + S (pluses u))%nat by lia. lra.
  - rewrite IH. replace (S j + minuses u)%nat with (j + S (minuses u))%nat by lia. lra.
Qed.

Definition total (w : list bool) : R := value 0 0 w + c (pluses w) (minuses w).

Variables (M delta : R) (length_max : nat).
Hypothesis Right : forall w, (length w <= length_max)%nat -> Rabs (total (w ++ [true]) - M) <= delta.
Hypothesis Up : forall w, (length w <= length_max)%nat -> Rabs (total (w ++ [false]) - - M) <= delta.

Lemma total_right w : total (w ++ [true]) = value 0 0 w + (P (pluses w) (minuses w) + c (S (pluses w)) (minuses w)).
Proof.
  unfold total. rewrite value_app, pluses_app, minuses_app. simpl. rewrite Nat.add_0_r, Nat.add_1_r. lra.
Qed.

Lemma total_up w : total (w ++ [false]) = value 0 0 w + (Q (pluses w) (minuses w) + c (pluses w) (S (minuses w))).
Proof.
  unfold total. rewrite value_app, pluses_app, minuses_app. simpl. rewrite Nat.add_0_r, Nat.add_1_r. lra.
Qed.

(** Two paths to (i, j) whose values differ by 2 eta (C(i+j, i) - 1), eta = M - delta. *)
Lemma spread s : forall i j, (i + j = s)%nat -> (s <= S length_max)%nat -> exists u v,
  pluses u = i /\ minuses u = j /\ pluses v = i /\ minuses v = j /\
  2 * (M - delta) * (C s i - 1) <= value 0 0 u - value 0 0 v.
Proof.
  induction s as [|s IH]; intros i j Hs Hl.
  - exists [], []. simpl. replace i with O by lia. replace j with O by lia. rewrite C_0. repeat split; lra.
  - destruct i as [|i], j as [|j]; [lia| | |].
    + exists (repeat false (S j)), (repeat false (S j)). rewrite C_0.
      assert (forall m, pluses (repeat false m) = O /\ minuses (repeat false m) = m) as H
        by (induction m as [|m [A B]]; cbn; auto).
      destruct (H (S j)) as [-> ->]. repeat split; lra.
    + exists (repeat true (S i)), (repeat true (S i)). replace (S s) with (S i) by lia. rewrite C_n.
      assert (forall m, pluses (repeat true m) = m /\ minuses (repeat true m) = O) as H
        by (induction m as [|m [A B]]; cbn; auto).
      destruct (H (S i)) as [-> ->]. repeat split; lra.
    + destruct (IH i (S j) ltac:(lia) ltac:(lia)) as (u1 & u2 & U1 & U2 & U3 & U4 & U).
      destruct (IH (S i) j ltac:(lia) ltac:(lia)) as (v1 & v2 & V1 & V2 & V3 & V4 & V).
      exists (u1 ++ [true]), (v2 ++ [false]).
      rewrite !pluses_app, !minuses_app, U1, U2, V3, V4. simpl. rewrite !Nat.add_0_r, !Nat.add_1_r.
      repeat (split; [reflexivity|]).
      pose proof (Right u2 ltac:(rewrite length_counts; lia)) as R2.
      pose proof (Up v1 ltac:(rewrite length_counts; lia)) as R1.
      rewrite total_right, U3, U4 in R2. rewrite total_up, V1, V2 in R1.
      apply abs_le_inv in R1. apply abs_le_inv in R2.
      rewrite <- (pascal s i) by lia. rewrite !value_app. simpl. rewrite U1, U2, V3, V4. lra.
Qed.

Lemma lattice i : (i <= length_max)%nat -> 0 < M -> M * (1 - / C length_max i) <= delta.
Proof.
  intros Hi HM. destruct (spread length_max i (length_max - i) ltac:(lia) ltac:(lia)) as (u & v & U1 & U2 & V1 & V2 & D).
  pose proof (Right u ltac:(rewrite length_counts; lia)) as Ru. pose proof (Right v ltac:(rewrite length_counts; lia)) as Rv.
  rewrite total_right, U1, U2 in Ru. rewrite total_right, V1, V2 in Rv.
  apply abs_le_inv in Ru. apply abs_le_inv in Rv. pose proof (C_pos length_max i).
  apply Rmult_le_reg_l with (C length_max i); [assumption|].
  replace (C length_max i * (M * (1 - / C length_max i))) with (C length_max i * M - M) by (field; lra). nra.
Qed.
End paths.

(** * A diagonal layer's output is a path's value, up to what depends on the end point alone *)

Section layer.
Variables (d : nat) (w : diagonal) (M : R).

Definition signed (s : bool) : R := if s then M else - M.

Fixpoint state (word : list bool) : vector :=
  match word with
  | [] => diagonal_start w
  | s :: rest => fun k => diagonal_a w (signed s) k * state rest k + diagonal_b w (signed s) k
  end.

Definition played (word : list bool) : sequence := fun t => signed (nth (length word - t) word true).

Lemma state_run word k : diagonal_state w (played word) (length word) k = state word k.
Proof.
  unfold diagonal_state. induction word as [|s rest IH]; [reflexivity|].
  cbn [length]. rewrite run_S. unfold diagonal_step at 1.
  rewrite (run_ext _ _ _ (played rest)).
  - rewrite IH. unfold played. cbn [length]. rewrite Nat.sub_diag. reflexivity.
  - intros t Ht. unfold played. cbn [length]. replace (S (length rest) - t)%nat with (S (length rest - t)) by lia. reflexivity.
Qed.

Lemma played_box word : 0 < M -> box M (played word).
Proof.
  intros HM t. unfold played, signed. destruct (nth _ _ _); unfold Rabs; destruct (Rcase_abs _); lra.
Qed.

Lemma played_first rest s : played (rest ++ [s]) 1%nat = signed s.
Proof.
  unfold played. f_equal. rewrite app_length. cbn [length].
  replace (length rest + 1 - 1)%nat with (length rest) by lia. now rewrite nth_middle.
Qed.

Lemma played_last s rest : played (s :: rest) (S (length rest)) = signed s.
Proof. unfold played. cbn [length]. now rewrite Nat.sub_diag. Qed.

Variable v : vector.

Definition later (i j k : nat) : R := diagonal_a w M k ^ i * diagonal_a w (- M) k ^ j.
Definition P (i j : nat) : R := sum d (fun k => v k * (diagonal_b w M k * later i j k)).
Definition Q (i j : nat) : R := sum d (fun k => v k * (diagonal_b w (- M) k * later i j k)).
Definition start (i j : nat) : R := sum d (fun k => v k * (diagonal_start w k * later i j k)).

Lemma output_value word : forall i j,
  sum d (fun k => v k * (state word k * later i j k)) = value P Q i j word + start (i + pluses word) (j + minuses word).
Proof.
  induction word as [|[] rest IH]; intros i j; cbn [state value pluses minuses].
  - rewrite !Nat.add_0_r. unfold start. lra.
  - replace (i + S (pluses rest))%nat with (S i + pluses rest)%nat by lia. rewrite Rplus_assoc, <- IH.
    unfold P. rewrite <- sum_plus. apply sum_ext. intros k _. unfold later. simpl. ring.
  - replace (j + S (minuses rest))%nat with (S j + minuses rest)%nat by lia. rewrite Rplus_assoc, <- IH.
    unfold Q. rewrite <- sum_plus. apply sum_ext. intros k _. unfold later. simpl. ring.
Qed.

Lemma read_total v0 word :
  read d {| V := v; v0 := v0 |} (diagonal_state w (played word) (length word)) =
  total P Q (fun a b => start a b + v0) word.
Proof.
  unfold read, total, dot; cbn [V definitions.v0]. rewrite <- Rplus_assoc. f_equal.
  pose proof (output_value word 0 0) as E. simpl in E. rewrite <- E.
  apply sum_ext. intros k _. rewrite state_run. unfold later. simpl. ring.
Qed.

(** The last input fixed at M: paths that begin with a step to the right. *)
Lemma value_shift a word : forall i j, value P Q (a + i) j word = value (fun i j => P (a + i) j) (fun i j => Q (a + i) j) i j word.
Proof.
  induction word as [|[] rest IH]; intros i j; cbn [value]; [reflexivity| |].
  - rewrite <- IH. do 2 f_equal. lia.
  - now rewrite <- IH.
Qed.

Lemma read_total_after v0 word :
  read d {| V := v; v0 := v0 |} (diagonal_state w (played (true :: word)) (S (length word))) =
  total (fun i j => P (1 + i) j) (fun i j => Q (1 + i) j) (fun a b => P 0 0 + start (1 + a) b + v0) word.
Proof.
  change (S (length word)) with (length (true :: word)). rewrite read_total. unfold total. cbn [value pluses minuses].
  pose proof (value_shift 1 word 0 0) as E. cbn [Nat.add] in E. cbn [Nat.add]. rewrite E. lra.
Qed.

End layer.

Theorem lattice_paths : T5.
Proof.
  intros d N i w M delta Hi HN HM [v c] Rec.
  assert (Edge : forall word s, (length word <= N - 1)%nat ->
    Rabs (total (P d w M v) (Q d w M v) (fun a b => start d w M v a b + c) (word ++ [s]) - signed M s) <= delta).
  { intros word s Hw. specialize (Rec (length (word ++ [s]))). rewrite app_length in Rec. cbn [length] in Rec.
    specialize (Rec ltac:(lia) (played M (word ++ [s])) (played_box _ _ HM)).
    rewrite played_first in Rec. unfold diagonal_output in Rec.
    replace (length word + 1)%nat with (length (word ++ [s])) in Rec by (rewrite app_length; reflexivity).
    now rewrite read_total in Rec. }
  eapply lattice; eauto; intros word Hw; [exact (Edge word true Hw)|exact (Edge word false Hw)].
Qed.

Theorem lattice_paths_selective : T5_selective.
Proof.
  intros d N i w M delta Hi HN HM out Rec.
  destruct (out M) as [v c] eqn:Out.
  assert (Edge : forall word s, (length word <= N - 2)%nat ->
    Rabs (total (fun i j => P d w M v (1 + i) j) (fun i j => Q d w M v (1 + i) j)
      (fun a b => P d w M v 0 0 + start d w M v (1 + a) b + c) (word ++ [s]) - signed M s) <= delta).
  { intros word s Hw. specialize (Rec (S (length (word ++ [s])))). rewrite app_length in Rec. cbn [length] in Rec.
    specialize (Rec ltac:(lia) (played M ((true :: word) ++ [s])) (played_box _ _ HM)).
    rewrite played_first in Rec. unfold selective_output in Rec.
    replace (S (length word + 1)) with (S (length (word ++ [s]))) in Rec by (rewrite app_length; reflexivity).
    change ((true :: word) ++ [s]) with (true :: (word ++ [s])) in Rec.
    rewrite played_last in Rec. cbn [signed] in Rec. rewrite Out in Rec. now rewrite read_total_after in Rec. }
  eapply lattice; eauto; intros word Hw; [exact (Edge word true Hw)|exact (Edge word false Hw)].
Qed.
