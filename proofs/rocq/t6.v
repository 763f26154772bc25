(** T6, up to N: no ReLU RNN has a finite error on R at n = 1 and n = 2. A finite error makes the network without biases and
    with start 0 exact, and that network cannot tell (0, x) read at n = 2 from x read at n = 1. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

Lemma relu_lipschitz a c : Rabs (relu a - relu c) <= Rabs (a - c).
Proof.
  unfold relu, Rmax. destruct (Rle_dec 0 a), (Rle_dec 0 c); unfold Rabs; repeat destruct (Rcase_abs _); lra.
Qed.

Lemma relu_scale l a : 0 <= l -> relu (l * a) = l * relu a.
Proof.
  intros Hl. unfold relu, Rmax. destruct (Rle_dec 0 a), (Rle_dec 0 (l * a)); nra.
Qed.

(** The network without biases and with start 0. *)
Definition bare (w : elman) : elman := {|
  elman_h := {| W := W (elman_h w); U := U (elman_h w); b := zero |};
  elman_start := zero;
  elman_out := {| V := V (elman_out w); v0 := 0 |} |}.

Lemma dot_sub d v f g : dot d v f - dot d v g = dot d v (fun j => f j - g j).
Proof. unfold dot, Rminus. rewrite <- (Rmult_1_l (sum d (fun k => v k * g k))), <- Ropp_mult_distr_l_reverse, <- sum_scale,
  <- sum_plus.
  apply sum_ext. intros; ring. Qed.

Lemma dot_bounded d v f e : (forall j, (j < d)%nat -> Rabs (f j) <= e) -> Rabs (dot d v f) <= sum d (fun j => Rabs (v j)) * e.
Proof.
  intros H. unfold dot. eapply Rle_trans; [apply sum_abs|]. rewrite Rmult_comm, <- sum_scale. apply sum_le.
  intros j Hj. rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|now apply H].
Qed.

Fixpoint largest (d : nat) (f : nat -> R) : R := match d with O => 0 | S k => Rmax (largest k f) (f k) end.

Lemma largest_is d f k : (k < d)%nat -> f k <= largest d f.
Proof.
  induction d as [|d IH]; intros Hk; [lia|]. simpl. destruct (Nat.eq_dec k d) as [->|]; [apply Rmax_r|].
  eapply Rle_trans; [apply IH; lia|apply Rmax_l].
Qed.

(** Scaling the inputs by l moves the state at most a constant away from l times the bare state. *)
Lemma scaled_state d w n : exists e, forall l x, 0 <= l -> forall k, (k < d)%nat ->
  Rabs (run (elman_step relu d w) (elman_start w) (fun t => l * x t) n k
        - l * run (elman_step relu d (bare w)) zero x n k) <= e.
Proof.
  induction n as [|n [e IH]].
  - exists (largest d (fun k => Rabs (elman_start w k))). intros l x Hl k Hk. simpl. unfold zero.
    rewrite Rmult_0_r, Rminus_0_r. now apply (largest_is d (fun k => Rabs (elman_start w k))).
  - exists (largest d (fun k => sum d (fun j => Rabs (W (elman_h w) k j)) * e + Rabs (b (elman_h w) k))).
    intros l x Hl k Hk. rewrite !run_S. unfold elman_step at 1 3. rewrite <- relu_scale by exact Hl.
    eapply Rle_trans; [apply relu_lipschitz|].
    eapply Rle_trans; [|apply (largest_is d (fun k => sum d (fun j => Rabs (W (elman_h w) k j)) * e
      + Rabs (b (elman_h w) k)) k Hk)].
    cbv beta. unfold affine. cbn [bare elman_h W U b].
    set (h := run _ _ _ n). set (g := run _ zero _ n).
    replace (dot d (W (elman_h w) k) h + U (elman_h w) k * (l * x (S n)) + b (elman_h w) k
             - l * (dot d (W (elman_h w) k) g + U (elman_h w) k * x (S n) + zero k))
      with ((dot d (W (elman_h w) k) h - dot d (W (elman_h w) k) (fun j => l * g j)) + b (elman_h w) k).
    + eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_r. rewrite dot_sub. apply dot_bounded.
      intros j Hj. now apply IH.
    + unfold zero. replace (dot d (W (elman_h w) k) (fun j => l * g j)) with (l * dot d (W (elman_h w) k) g); [ring|].
      unfold dot. rewrite <- sum_scale. apply sum_ext. intros; ring.
Qed.

Lemma bare_exact delta d w n : recalls_at delta reals n (relu_output d w) ->
  forall x, relu_output d (bare w) x n = x 1%nat.
Proof.
  intros Rec x. destruct (scaled_state d w n) as [e He].
  set (K := delta + (sum d (fun j => Rabs (V (elman_out w) j)) * e + Rabs (v0 (elman_out w)))).
  assert (B : forall l, 0 <= l -> l * Rabs (relu_output d (bare w) x n - x 1%nat) <= K).
  { intros l Hl. specialize (Rec (fun t => l * x t) I). cbv beta in Rec.
    rewrite <- (Rabs_pos_eq l Hl) at 1. rewrite <- Rabs_mult. unfold relu_output, elman_output, read in *.
    cbn [bare elman_out elman_start V v0]. cbn [bare] in He.
    set (h := run (elman_step relu d w) _ _ n) in *. set (g := run _ zero x n).
    specialize (He l x Hl). fold g in He. fold h in He.
    assert (D : Rabs (dot d (V (elman_out w)) h - l * dot d (V (elman_out w)) g) <= sum d (fun j => Rabs (V (elman_out w) j)) * e).
    { replace (l * dot d (V (elman_out w)) g) with (dot d (V (elman_out w)) (fun j => l * g j))
        by (unfold dot; rewrite <- sum_scale; apply sum_ext; intros; ring).
      rewrite dot_sub. apply dot_bounded. intros j Hj. exact (He j Hj). }
    apply abs_le_inv in D. apply abs_le_inv in Rec. pose proof (Rle_abs (v0 (elman_out w))).
    pose proof (Rle_abs (- v0 (elman_out w))) as N. rewrite Rabs_Ropp in N. unfold K. apply abs_le. nra. }
  apply Rminus_diag_uniq. destruct (Req_dec (relu_output d (bare w) x n - x 1%nat) 0) as [|E]; [assumption|exfalso].
  apply Rabs_pos_lt in E. set (r := Rabs (relu_output d (bare w) x n - x 1%nat)) in *. clearbody r. clearbody K.
  assert (0 <= K) by (specialize (B 0 ltac:(lra)); lra).
  specialize (B ((K + 1) / r)). assert (0 <= (K + 1) / r) by (apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]).
  specialize (B ltac:(assumption)). replace ((K + 1) / r * r) with (K + 1) in B by (field; lra). lra.
Qed.

Theorem scaled : T6_upto.
Proof.
  intros d w N delta HN Rec.
  pose proof (bare_exact delta d w 1 ltac:(apply Rec; lia) (fun _ => 1)) as E1.
  pose proof (bare_exact delta d w 2 ltac:(apply Rec; lia) (fun t => if Nat.eqb t 1 then 0 else 1)) as E2.
  cbn [Nat.eqb] in E2. enough (E : relu_output d (bare w) (fun t => if Nat.eqb t 1 then 0 else 1) 2 =
    relu_output d (bare w) (fun _ => 1) 1) by lra.
  assert (Silent : forall k, elman_step relu d (bare w) zero 0 k = 0).
  { intros k. unfold elman_step, affine. cbn [bare elman_h W U b].
    replace (dot d _ zero) with 0 by (symmetry; apply sum_zero; intros; unfold zero; ring).
    unfold zero. rewrite relu_pos; lra. }
  unfold relu_output, elman_output, read. f_equal. apply sum_ext. intros k Hk. f_equal.
  change (elman_start (bare w)) with zero. cbn [run Nat.eqb]. unfold elman_step at 1. unfold affine, dot.
  rewrite (sum_ext d (fun j => _ * elman_step relu d (bare w) zero 0 j) (fun j => W (elman_h (bare w)) k j * zero j));
    [reflexivity|]. intros j _. now rewrite Silent.
Qed.

(** One unit at one n: the exact network would read V h = 1 and V h = -1 off states h >= 0. *)
Theorem one_unit : T6_one_unit.
Proof.
  intros w n delta Hn Rec. pose proof (bare_exact delta 1 w n Rec (fun _ => 1)) as P.
  pose proof (bare_exact delta 1 w n Rec (fun _ => -1)) as Q.
  destruct n as [|n]; [lia|]. unfold relu_output, elman_output, read, dot in P, Q. cbn [sum bare elman_out V v0] in P, Q.
  rewrite run_S in P, Q. unfold elman_step at 1 in P. unfold elman_step at 1 in Q.
  match type of P with context [relu ?a] => pose proof (relu_nonneg a) as HP; set (p := relu a) in * end.
  match type of Q with context [relu ?a] => pose proof (relu_nonneg a) as HQ; set (q := relu a) in * end.
  clearbody p q. set (v := V (elman_out w) 0%nat) in *. clearbody v.
  destruct (Rle_lt_dec 0 v); nra.
Qed.
