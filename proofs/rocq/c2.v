(** C2: the exploding scalar; its error at n is exactly M (1 - lambda^-(n-1)) / (lambda - 1). *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma unit_step d lambda n h x : (1 <= d)%nat ->
  elman_step (fun z => z) d (C2_weights lambda n) h x 0%nat = lambda * h 0%nat + x.
Proof. intros Hd. unfold elman_step, C2_weights; cbn [elman_h]; weights. lra. Qed.

Lemma rest d lambda n M x m : (1 <= d)%nat -> 1 < lambda -> box M x ->
  (lambda - 1) * Rabs (run (elman_step (fun z => z) d (C2_weights lambda n)) zero x (S m) 0%nat - lambda ^ m * x 1%nat)
  <= M * (lambda ^ m - 1).
Proof.
  intros Hd Hl Hx. induction m as [|m IH]; rewrite run_S, unit_step by exact Hd.
  - cbn [run pow]. unfold zero. replace (lambda * 0 + x 1%nat - 1 * x 1%nat) with 0 by ring. rewrite Rabs_R0. lra.
  - set (h := run (elman_step _ _ _) _ _ _ _) in *. clearbody h. simpl pow.
    replace (lambda * h + x (S (S m)) - lambda * lambda ^ m * x 1%nat)
      with (lambda * (h - lambda ^ m * x 1%nat) + x (S (S m))) by ring.
    pose proof (Rabs_triang (lambda * (h - lambda ^ m * x 1%nat)) (x (S (S m)))) as A.
    rewrite Rabs_mult, (Rabs_pos_eq lambda) in A by lra. pose proof (Hx (S (S m))). nra.
Qed.

Lemma attained d lambda n M m : (1 <= d)%nat ->
  (lambda - 1) * (run (elman_step (fun z => z) d (C2_weights lambda n)) zero (fun _ => M) (S m) 0%nat - lambda ^ m * M)
  = M * (lambda ^ m - 1).
Proof.
  intros Hd. induction m as [|m IH]; rewrite run_S, unit_step by exact Hd.
  - cbn [run pow]. unfold zero. ring.
  - set (h := run (elman_step _ _ _) _ _ _ _) in *. clearbody h. simpl pow.
    replace ((lambda - 1) * (lambda * h + M - lambda * lambda ^ m * M))
      with (lambda * ((lambda - 1) * (h - lambda ^ m * M)) + (lambda - 1) * M) by ring.
    rewrite IH. ring.
Qed.

Lemma output d lambda n x : (1 <= d)%nat ->
  linear_output d (C2_weights lambda n) x n =
  / lambda ^ (n - 1) * run (elman_step (fun z => z) d (C2_weights lambda n)) zero x n 0%nat.
Proof.
  intros Hd. unfold linear_output, elman_output. change (elman_start (C2_weights lambda n)) with zero.
  unfold C2_weights at 1; cbn [elman_out]. weights. lra.
Qed.

Theorem explodes : C2.
Proof.
  intros d [|m] lambda M Hd Hn Hl HM; [lia|].
  assert (P : 0 < lambda ^ m) by (apply pow_lt; lra).
  assert (Q : 1 <= lambda ^ m) by (apply pow_R1_Rle; lra).
  assert (Err : forall x, linear_output d (C2_weights lambda (S m)) x (S m) - x 1%nat =
    / lambda ^ m * (run (elman_step (fun z => z) d (C2_weights lambda (S m))) zero x (S m) 0%nat - lambda ^ m * x 1%nat)).
  { intros x. rewrite output by exact Hd. replace (S m - 1)%nat with m by lia. field. lra. }
  replace (S m - 1)%nat with m by lia. split.
  - intros r (x & Hx & ->). rewrite Err, Rabs_mult, Rabs_pos_eq by (left; now apply Rinv_0_lt_compat).
    pose proof (rest d lambda (S m) M x m Hd Hl Hx) as B. set (e := Rabs _) in *. clearbody e.
    apply Rmult_le_reg_l with (lambda ^ m); [lra|]. apply Rmult_le_reg_l with (lambda - 1); [lra|].
    replace ((lambda - 1) * (lambda ^ m * (/ lambda ^ m * e))) with ((lambda - 1) * e) by (field; lra).
    replace ((lambda - 1) * (lambda ^ m * (M * (1 - / lambda ^ m) / (lambda - 1)))) with (M * (lambda ^ m - 1))
      by (field; lra). exact B.
  - intros e He. apply He. exists (fun _ => M). split; [intros t; rewrite Rabs_pos_eq; lra|].
    rewrite Err. pose proof (attained d lambda (S m) M m Hd) as B. set (h := run (elman_step _ _ _) _ _ _ _) in *.
    clearbody h. replace (h - lambda ^ m * M) with (M * (lambda ^ m - 1) / (lambda - 1)) by (rewrite <- B; field; lra).
    rewrite Rabs_pos_eq.
    + field; split; lra.
    + apply Rmult_le_pos; [left; now apply Rinv_0_lt_compat|].
      apply Rmult_le_pos; [nra|left; apply Rinv_0_lt_compat; lra].
Qed.
