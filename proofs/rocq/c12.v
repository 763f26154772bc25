(** C12: a ReLU RNN recalls x_1 exactly at n, on R, in n + 2 units: a delay line over a growing carrier. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma parts z : relu z - relu (- z) = z.
Proof. unfold relu, Rmax. destruct (Rle_dec 0 z), (Rle_dec 0 (- z)); lra. Qed.

Lemma inputs d n h x :
  elman_step relu d (C12_weights n) h x 0%nat = relu x /\ elman_step relu d (C12_weights n) h x 1%nat = relu (- x).
Proof.
  unfold elman_step, affine, C12_weights; cbn [elman_h W U b]. rewrite dot_vec. cbn [terms vec Nat.eqb].
  split; f_equal; lra.
Qed.

Lemma carried d n h x k : (2 <= n)%nat -> (n + 2 <= d)%nat -> (1 <= k < n)%nat ->
  elman_step relu d (C12_weights n) h x 2%nat = relu (h 2%nat + h 0%nat + h 1%nat) /\
  elman_step relu d (C12_weights n) h x (k + 2)%nat =
    relu (if Nat.eqb k 1 then h 2%nat + 2 * h 0%nat else h (k + 1)%nat + h 0%nat + h 1%nat).
Proof.
  intros Hn Hd Hk. unfold elman_step, affine, C12_weights; cbn [elman_h W U b].
  replace (Nat.leb n 1) with false by (symmetry; apply Nat.leb_gt; lia). split.
  - rewrite dot_vec. cbn [terms vec Nat.eqb]. decide_units. f_equal. lra.
  - destruct k as [|[|k]]; [lia| |]; cbn [Nat.add Nat.eqb].
    + rewrite dot_vec. cbn [terms vec Nat.eqb]. decide_units. f_equal. lra.
    + replace (k + 2)%nat with (S (S k)) by lia. cbn [Nat.eqb vec].
      replace (S (S (S (S k))) <=? n + 1)%nat with true by (symmetry; apply Nat.leb_le; lia).
      rewrite dot_vec. cbn [terms]. replace (S (S (S (S k))) - 1)%nat with (S (S (k + 1))) by lia.
      decide_units. f_equal. lra.
Qed.

Lemma delays d n (x : sequence) t : (2 <= n)%nat -> (n + 2 <= d)%nat -> x 0%nat = 0 ->
  let h := run (elman_step relu d (C12_weights n)) zero x t in
  h 0%nat = relu (x t) /\ h 1%nat = relu (- x t) /\ 0 <= h 2%nat /\
  forall k, (1 <= k < n)%nat -> h (k + 2)%nat = h 2%nat + x (t - k)%nat /\ 0 <= h (k + 2)%nat.
Proof.
  intros Hn Hd Hx. induction t as [|t IH]; cbv zeta in *.
  - simpl. unfold zero. rewrite Hx, Ropp_0, relu_pos by lra. repeat split; lra.
  - set (h := run (elman_step relu d (C12_weights n)) zero x t) in *. rewrite run_S. fold h.
    destruct IH as (I0 & I1 & I2 & I3). destruct (inputs d n h (x (S t))) as [-> ->].
    pose proof (parts (x t)) as P. pose proof (relu_nonneg (x t)). pose proof (relu_nonneg (- x t)).
    split; [reflexivity|]. split; [reflexivity|].
    destruct (carried d n h (x (S t)) 1 Hn Hd ltac:(lia)) as [E2 _].
    split; [rewrite E2; apply relu_nonneg|]. intros k Hk.
    destruct (carried d n h (x (S t)) k Hn Hd Hk) as [_ Ek]. rewrite E2, Ek. split; [|apply relu_nonneg].
    rewrite (relu_pos (h 2%nat + h 0%nat + h 1%nat)) by lra.
    destruct k as [|[|k]]; [lia| |]; cbn [Nat.eqb Nat.sub].
    + rewrite Nat.sub_0_r, relu_pos by lra. lra.
    + destruct (I3 (S k) ltac:(lia)) as [J K]. replace (S (S k) + 1)%nat with (S k + 2)%nat by lia.
      rewrite relu_pos by lra. rewrite J. lra.
Qed.

Theorem recalls : C12.
Proof.
  intros d n Hn Hd x _. apply exact_error.
  unfold relu_output, elman_output. change (elman_start (C12_weights n)) with zero.
  unfold C12_weights at 1; cbn [elman_out].
  destruct (Nat.le_gt_cases n 1) as [One|Two].
  - replace n with 1%nat by lia. cbn [Nat.leb]. weights. rewrite run_S.
    destruct (inputs d 1 (run (elman_step relu d (C12_weights 1)) zero x 0) (x 1%nat)) as [-> ->].
    pose proof (parts (x 1%nat)). lra.
  - replace (Nat.leb n 1) with false by (symmetry; apply Nat.leb_gt; lia). weights.
    set (y := fun t => if Nat.eqb t 0 then 0 else x t).
    rewrite (run_ext _ _ x y) by (intros [|t] Ht; [lia|reflexivity]).
    destruct (delays d n y n ltac:(lia) ltac:(lia) eq_refl) as (_ & _ & _ & D).
    destruct (D (n - 1)%nat ltac:(lia)) as [E _]. replace (n - 1 + 2)%nat with (n + 1)%nat in E by lia.
    replace (n - (n - 1))%nat with 1%nat in E by lia. unfold y in E at 3. cbn [Nat.eqb] in E. lra.
Qed.
