(** T4: the doubling theorem for linear RNNs, with its sharp example. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics linear.
Open Scope R_scope.

Lemma below d w N M delta : (1 <= N)%nat -> 0 < M ->
  recalls_upto delta (box M) N (linear_output d w) -> M * (1 - / 2 ^ (N - 1)) <= delta.
Proof.
  intros HN HM Rec. set (T := fun k => sum k (fun j => Rabs (response d w j))).
  assert (Step : forall k, (k < N)%nat -> M * (T k + Rabs (response d w k - 1)) <= delta)
    by (intros k Hk; apply error_response; [lra|apply Rec; lia]).
  assert (Doubling : forall k, (k < N)%nat -> (2 ^ k - 1) * (M - delta) <= M * T k).
  { induction k as [|k IH]; intros Hk; [unfold T; simpl; lra|].
    specialize (Step k ltac:(lia)). specialize (IH ltac:(lia)).
    change (T (S k)) with (T k + Rabs (response d w k)). simpl pow.
    pose proof (Rabs_triang_inv 1 (1 - response d w k)) as A.
    replace (1 - (1 - response d w k)) with (response d w k) in A by lra.
    rewrite Rabs_R1, (Rabs_minus_sym 1) in A. nra. }
  specialize (Doubling (N - 1)%nat ltac:(lia)). specialize (Step (N - 1)%nat ltac:(lia)).
  pose proof (Rabs_pos (response d w (N - 1) - 1)).
  pose proof (pow_lt 2 (N - 1) ltac:(lra)) as P.
  apply Rmult_le_reg_l with (2 ^ (N - 1)); [exact P|].
  replace (2 ^ (N - 1) * (M * (1 - / 2 ^ (N - 1)))) with (2 ^ (N - 1) * M - M) by (field; lra). nra.
Qed.

Definition doubling (N : nat) : elman := {|
  elman_h := {| W := mat (cons (0 & 0 |-> 2) nil); U := vec (cons (0 |-> 1) nil); b := vec nil |};
  elman_start := zero;
  elman_out := {| V := vec (cons (0 |-> / 2 ^ (N - 1)) nil); v0 := 0 |} |}.

Lemma doubling_state d N M x m : (1 <= d)%nat -> box M x ->
  Rabs (run (elman_step (fun z => z) d (doubling N)) zero x (S m) 0%nat - 2 ^ m * x 1%nat) <= M * (2 ^ m - 1).
Proof.
  intros Hd Hx.
  assert (Unit : forall h y, elman_step (fun z => z) d (doubling N) h y 0%nat = 2 * h 0%nat + y)
    by (intros; unfold elman_step, doubling; cbn [elman_h]; weights; lra).
  induction m as [|m IH]; rewrite run_S, Unit.
  - simpl. unfold zero. apply abs_le; lra.
  - pose proof (box_bounds M x (S (S m)) Hx). apply abs_le_inv in IH. apply abs_le. simpl pow. lra.
Qed.

Theorem doubles : T4.
Proof.
  intros d N M HN HM. split; [|split].
  - intros w delta. now apply below.
  - intros Hd. exists (doubling N). intros [|m] Hn x Hx; [lia|].
    unfold linear_output, elman_output. change (elman_start (doubling N)) with zero.
    pose proof (doubling_state d N M x m Hd Hx) as D. unfold doubling at 1. cbn [elman_out]. weights.
    set (h := run (elman_step _ _ _) _ _ _ _) in *. clearbody h. rewrite ?Rplus_0_r. set (P := 2 ^ (N - 1)).
    assert (HP : 2 ^ m <= P) by (apply Rle_pow; [lra|lia]).
    assert (Hm : 0 < 2 ^ m) by (apply pow_lt; lra).
    replace (/ P * h - x 1%nat) with (/ P * (h - P * x 1%nat)) by (field; lra).
    replace (M * (1 - / P)) with (/ P * (M * (P - 1))) by (field; lra).
    assert (0 < / P) by (apply Rinv_0_lt_compat; lra).
    rewrite Rabs_mult, (Rabs_pos_eq (/ P)) by lra. apply Rmult_le_compat_l; [lra|].
    pose proof (box_bounds M x 1 Hx). apply abs_le_inv in D. apply abs_le. nra.
  - intros H2 w delta Rec.
    set (m := 2 * Rabs delta + 1).
    assert (A := Rabs_pos delta).
    pose proof (below d w N m delta HN ltac:(unfold m; lra) ltac:(intros n Hn x _; now apply Rec)) as B.
    assert (HP : 2 ^ 1 <= 2 ^ (N - 1)) by (apply Rle_pow; [lra|lia]).
    assert (/ 2 ^ (N - 1) <= / 2) by (apply Rinv_le_contravar; [lra|]; simpl in HP; lra).
    pose proof (Rle_abs delta). unfold m in B. nra.
Qed.
