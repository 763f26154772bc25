(** T4: the doubling theorem for linear RNNs, with its sharp example. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics linear doubling.
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

Theorem doubles : T4.
Proof.
  intros d N M HN HM. split; [|split].
  - intros w delta. now apply below.
  - intros Hd. exists (C2_doubling_weights N). intros n Hn x Hx.
    destruct (doubling.linear d N n M Hd Hn ltac:(lra)) as [Upper _]. apply Upper. now exists x.
  - intros H2 w delta Rec.
    set (m := 2 * Rabs delta + 1).
    assert (A := Rabs_pos delta).
    pose proof (below d w N m delta HN ltac:(unfold m; lra) ltac:(intros n Hn x _; now apply Rec)) as B.
    assert (HP : 2 ^ 1 <= 2 ^ (N - 1)) by (apply Rle_pow; [lra|lia]).
    assert (/ 2 ^ (N - 1) <= / 2) by (apply Rinv_le_contravar; [lra|]; simpl in HP; lra).
    pose proof (Rle_abs delta). unfold m in B. nra.
Qed.

(** * LRU, S4D, S5: the pair (h, g) as one vector *)

Definition joined (d : nat) (f g : vector) : vector := fun k => if Nat.ltb k d then f k else g (k - d)%nat.

Definition as_linear (d : nat) (w : lru) : elman := {|
  elman_h := {|
    W := fun k => if Nat.ltb k d
      then joined d (fun j => if Nat.eqb j k then lru_re w k else 0) (fun j => if Nat.eqb j k then - lru_im w k else 0)
      else joined d (fun j => if Nat.eqb j (k - d)%nat then lru_im w (k - d)%nat else 0)
        (fun j => if Nat.eqb j (k - d)%nat then lru_re w (k - d)%nat else 0);
    U := joined d (U (lru_h w)) (U (lru_g w));
    b := joined d (b (lru_h w)) (b (lru_g w)) |};
  elman_start := joined d (fst (lru_start w)) (snd (lru_start w));
  elman_out := {| V := joined d (V (lru_out w)) zero; v0 := v0 (lru_out w) |} |}.

Lemma joined_low d f g k : (k < d)%nat -> joined d f g k = f k.
Proof. intros H. unfold joined. now replace (Nat.ltb k d) with true by (symmetry; now apply Nat.ltb_lt). Qed.

Lemma joined_high d f g k : joined d f g (d + k)%nat = g k.
Proof.
  unfold joined. replace (Nat.ltb (d + k) d) with false by (symmetry; apply Nat.ltb_ge; lia). f_equal. lia.
Qed.

Lemma dot_joined d f g (s : vector) : dot (d + d) (joined d f g) s = dot d f s + dot d g (fun j => s (d + j)%nat).
Proof.
  unfold dot. rewrite sum_split. f_equal; apply sum_ext; intros k Hk; [now rewrite joined_low|now rewrite joined_high].
Qed.

Lemma dot_unit d k c (s : vector) : (k < d)%nat -> dot d (fun j => if Nat.eqb j k then c else 0) s = c * s k.
Proof. intros Hk. unfold dot. rewrite sum_single. now replace (Nat.ltb k d) with true by (symmetry; now apply Nat.ltb_lt). Qed.

Lemma same_state d w x n k : (k < d)%nat ->
  run (elman_step (fun z => z) (d + d) (as_linear d w)) (elman_start (as_linear d w)) x n k = fst (run (lru_step w)
    (lru_start w) x n) k /\
  run (elman_step (fun z => z) (d + d) (as_linear d w)) (elman_start (as_linear d w)) x n (d + k)%nat = snd (run (lru_step w)
    (lru_start w) x n) k.
Proof.
  intros Hk. induction n as [|n [I1 I2]].
  - cbn [run as_linear elman_start]. now rewrite joined_low, joined_high.
  - rewrite !run_S. set (s := run (elman_step _ _ _) _ x n) in *. destruct (run (lru_step w) (lru_start w) x n) as [h g].
    cbn [fst snd lru_step] in *. unfold elman_step, affine, as_linear, input_map; cbn [elman_h W U b].
    rewrite !joined_low, !joined_high by exact Hk. replace (Nat.ltb k d) with true by (symmetry; now apply Nat.ltb_lt).
    replace (Nat.ltb (d + k) d) with false by (symmetry; apply Nat.ltb_ge; lia). replace (d + k - d)%nat with k by lia.
    rewrite !dot_joined, !dot_unit by exact Hk. rewrite I1, I2. split; ring.
Qed.

Lemma same_output d w x n : lru_output d w x n = linear_output (d + d) (as_linear d w) x n.
Proof.
  unfold lru_output, linear_output, elman_output, read.
  change (elman_out (as_linear d w)) with {| V := joined d (V (lru_out w)) zero; v0 := v0 (lru_out w) |}.
  cbn [V v0]. rewrite dot_joined. replace (dot d zero _) with 0 by (symmetry; apply sum_zero; intros; unfold zero; ring).
  rewrite Rplus_0_r. f_equal. apply dot_eq. intros k Hk. now destruct (same_state d w x n k Hk) as [-> _].
Qed.

Theorem complex_diagonal : T4_lru.
Proof.
  intros d w. split; [exists (as_linear d w); intros; apply same_output|].
  intros N M delta HN HM Rec. apply (below (d + d) (as_linear d w) N M delta HN HM).
  intros n Hn x Hx. rewrite <- same_output. now apply Rec.
Qed.
