(** What every linear RNN outputs: y_n = c_n + sum of g_k x_(n-k) over k < n, with g_k = V A^k B. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions basics.
Open Scope R_scope.

Lemma dot_plus d v f g : dot d v (fun j => f j + g j) = dot d v f + dot d v g.
Proof. unfold dot. rewrite <- sum_plus. apply sum_ext; intros; lra. Qed.

Lemma dot_scale d v c f : dot d v (fun j => c * f j) = c * dot d v f.
Proof. unfold dot. rewrite <- sum_scale. apply sum_ext; intros; lra. Qed.

Lemma dot_sum d v m (f : nat -> vector) :
  dot d v (fun j => sum m (fun k => f k j)) = sum m (fun k => dot d v (f k)).
Proof.
  unfold dot. rewrite <- sum_swap. apply sum_ext; intros j _. now rewrite sum_scale.
Qed.

Lemma dot_eq d v f g : (forall j, (j < d)%nat -> f j = g j) -> dot d v f = dot d v g.
Proof. intros H. apply sum_ext; intros. now rewrite H. Qed.

Section response.
Variables (d : nat) (w : elman).

(** A^k B *)
Fixpoint power (k : nat) : vector :=
  match k with O => U (elman_h w) | S k' => fun i => dot d (W (elman_h w) i) (power k') end.

(** g_k *)
Definition response (k : nat) : R := dot d (V (elman_out w)) (power k).

Lemma state_response s x n i :
  run (elman_step (fun z => z) d w) s x n i =
  run (elman_step (fun z => z) d w) s (fun _ => 0) n i + sum n (fun k => power k i * x (n - k)%nat).
Proof.
  revert i. induction n as [|n IH]; intros i; [simpl; lra|].
  rewrite !run_S, sum_head. unfold elman_step at 1 3, affine.
  rewrite (dot_eq d _ _ _ (fun j _ => IH j)), dot_plus, dot_sum. cbn [power]. rewrite Nat.sub_0_r.
  rewrite (sum_ext n (fun k => dot d _ _ ) (fun k => dot d (W (elman_h w) i) (power k) * x (S n - S k)%nat)); [lra|].
  intros k _. cbn [Nat.sub]. rewrite Rmult_comm, <- dot_scale. apply dot_eq; intros; lra.
Qed.

Lemma output_response x n :
  linear_output d w x n = linear_output d w (fun _ => 0) n + sum n (fun k => response k * x (n - k)%nat).
Proof.
  unfold linear_output, elman_output, read.
  rewrite (dot_eq d _ _ _ (fun j _ => state_response _ x n j)), dot_plus, dot_sum.
  rewrite (sum_ext n (fun k => dot d _ _ ) (fun k => response k * x (n - k)%nat)); [lra|].
  intros k _. unfold response. rewrite Rmult_comm, <- dot_scale. apply dot_eq; intros; lra.
Qed.

(** The error at n = S m is at least M (|g_m - 1| + sum of |g_k| over k < m): take the signs of the coefficients. *)
Lemma error_response delta M m : 0 <= M -> recalls_at delta (box M) (S m) (linear_output d w) ->
  M * (sum m (fun k => Rabs (response k)) + Rabs (response m - 1)) <= delta.
Proof.
  intros HM Rec.
  set (c := fun k => if Nat.eqb k m then response k - 1 else response k).
  set (sign := fun z : R => if Rcase_abs z then -1 else 1).
  assert (Sg : forall z, z * sign z = Rabs z) by (intros; unfold sign, Rabs; destruct (Rcase_abs _); lra).
  assert (S1 : forall z, Rabs (sign z) = 1)
    by (intros; unfold sign; destruct (Rcase_abs _); unfold Rabs; destruct (Rcase_abs _); lra).
  assert (E : forall s, Rabs s = 1 ->
      Rabs (linear_output d w (fun _ => 0) (S m) + s * (M * sum (S m) (fun k => Rabs (c k)))) <= delta).
  { intros s Hs. specialize (Rec (fun t => s * M * sign (c (S m - t)%nat))).
    rewrite output_response in Rec. eapply Rle_trans; [|apply Rec].
    - apply Req_le. f_equal.
      replace (s * (M * sum (S m) (fun k => Rabs (c k))))
        with (sum (S m) (fun k => c k * (s * M * sign (c (S m - (S m - k))%nat)))).
      + cbn [sum]. replace (S m - (S m - m))%nat with m by lia. replace (S m - 1)%nat with m by lia.
        rewrite (sum_ext m (fun k => response k * _) (fun k => c k * (s * M * sign (c (S m - (S m - k))%nat)))).
        * replace (c m) with (response m - 1) by (unfold c; now rewrite Nat.eqb_refl). ring.
        * intros k Hk. unfold c at 2. now replace (Nat.eqb k m) with false by (symmetry; apply Nat.eqb_neq; lia).
      + rewrite <- !sum_scale. apply sum_ext. intros k Hk. replace (S m - (S m - k))%nat with k by lia.
        rewrite <- Sg. ring.
    - intros t. rewrite !Rabs_mult, Hs, S1, (Rabs_pos_eq M) by lra. lra. }
  assert (P := E 1 ltac:(rewrite Rabs_R1; lra)). assert (Q := E (-1) ltac:(rewrite Rabs_left; lra)).
  apply abs_le_inv in P. apply abs_le_inv in Q. cbn [sum] in P, Q.
  replace (c m) with (response m - 1) in * by (unfold c; now rewrite Nat.eqb_refl).
  rewrite (sum_ext m (fun k => Rabs (c k)) (fun k => Rabs (response k))) in P, Q; [lra| |];
    intros k Hk; unfold c; (replace (Nat.eqb k m) with false by (symmetry; apply Nat.eqb_neq; lia)); reflexivity.
Qed.

End response.
