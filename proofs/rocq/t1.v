(** T1: a bounded readout cannot recall on all of R. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

Lemma unbounded Y delta (y : network) n : (forall x, Rabs (y x n) <= Y) -> ~ recalls_at delta reals n y.
Proof.
  intros B Rec. pose proof (Rabs_pos delta) as P.
  specialize (Rec (fun _ => Y + Rabs delta + 1) I). specialize (B (fun _ => Y + Rabs delta + 1)).
  apply abs_le_inv in Rec. apply abs_le_inv in B. pose proof (Rle_abs delta). lra.
Qed.

(** |V h + v0| is bounded when every |h_k| <= H. *)
Lemma read_bounded d out H h : (forall k, Rabs (h k) <= H) ->
  Rabs (read d out h) <= sum d (fun k => Rabs (V out k) * H) + Rabs (v0 out).
Proof.
  intros B. unfold read, dot. eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_r.
  eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros k _. rewrite Rabs_mult.
  apply Rmult_le_compat_l; [apply Rabs_pos|apply B].
Qed.

Lemma start_bounded d out H h n (y : network) :
  (forall x, y x n = read d out h \/ exists h', y x n = read d out h' /\ forall k, Rabs (h' k) <= H) ->
  exists Y, forall x, Rabs (y x n) <= Y.
Proof.
  intros A. exists (Rmax (Rabs (read d out h)) (sum d (fun k => Rabs (V out k) * H) + Rabs (v0 out))). intros x.
  destruct (A x) as [->|(h' & -> & B)]; [apply Rmax_l|].
  eapply Rle_trans; [apply read_bounded, B|apply Rmax_r].
Qed.

Lemma sigmoid_abs z : Rabs (sigmoid z) <= 1.
Proof. apply abs_le. pose proof (sigmoid_pos z). pose proof (sigmoid_lt_1 z). lra. Qed.

Lemma tanh_le_1 z : Rabs (tanh z) <= 1.
Proof. apply abs_le. pose proof (tanh_bounds z). lra. Qed.

Lemma elman_bounded act d w n : (forall z, Rabs (act z) <= 1) ->
  exists Y, forall x, Rabs (elman_output act d w x n) <= Y.
Proof.
  intros B. apply (start_bounded d (elman_out w) 1 (elman_start w) n (elman_output act d w)). intros x. unfold elman_output.
  destruct n as [|n]; [now left|right]. eexists. split; [reflexivity|]. intros k. rewrite run_S. apply B.
Qed.

Lemma lstm_bounded d w n : exists Y, forall x, Rabs (lstm_output d w x n) <= Y.
Proof.
  apply (start_bounded d (lstm_out w) 1 (fst (lstm_start w)) n (lstm_output d w)). intros x. unfold lstm_output.
  destruct n as [|n]; [now left|right]. eexists. split; [reflexivity|]. intros k. rewrite run_S.
  destruct (run (lstm_step d w) (lstm_start w) x n) as [h c]. unfold lstm_step. cbn [fst]. rewrite Rabs_mult.
  rewrite <- (Rmult_1_l 1). apply Rmult_le_compat; auto using Rabs_pos, sigmoid_abs, tanh_le_1.
Qed.

Lemma convex z a c H : 0 <= z <= 1 -> Rabs a <= H -> Rabs c <= H -> Rabs (z * a + (1 - z) * c) <= H.
Proof. intros Hz Ha Hc. apply abs_le_inv in Ha. apply abs_le_inv in Hc. apply abs_le. nra. Qed.

Lemma sum_member d f k : (forall i, 0 <= f i) -> (k < d)%nat -> f k <= sum d f.
Proof.
  intros P. induction d as [|d IH]; intros Hk; [lia|]. simpl. specialize (P d) as Pd.
  pose proof (sum_nonneg d f ltac:(intros; apply P)).
  destruct (Nat.eq_dec k d) as [->|]; [lra|]. specialize (IH ltac:(lia)). lra.
Qed.

Lemma gru_bounded after keeps d w n : exists Y, forall x, Rabs (gru_output after keeps d w x n) <= Y.
Proof.
  set (H := 1 + sum d (fun k => Rabs (gru_start w k))).
  assert (B : forall x m k, (k < d)%nat -> Rabs (run (gru_step after keeps d w) (gru_start w) x m k) <= H).
  { intros x m k Hk. induction m as [|m IH].
    - simpl. pose proof (sum_member d (fun k => Rabs (gru_start w k)) k ltac:(intros; apply Rabs_pos) Hk). unfold H.
      cbv beta in *. lra.
    - assert (HH : 1 <= H) by (unfold H; pose proof (sum_nonneg d (fun k => Rabs (gru_start w k)) ltac:(intros; apply Rabs_pos));
        lra).
      rewrite run_S. set (h := run _ _ _ _) in *. unfold gru_step.
      match goal with |- Rabs ((if keeps then fun k => _ * h k + _ * tanh (?n k) else _) k) <= _ => set (inner := n) end.
      assert (T : Rabs (tanh (inner k)) <= H) by (eapply Rle_trans; [apply tanh_le_1|exact HH]).
      set (z := sigmoid (affine d (gru_z w) h (x (S m)) k)).
      assert (Z : 0 <= z <= 1) by (unfold z; pose proof (sigmoid_pos (affine d (gru_z w) h (x (S m)) k));
        pose proof (sigmoid_lt_1 (affine d (gru_z w) h (x (S m)) k)); lra).
      destruct keeps; [apply convex; assumption|].
      rewrite Rplus_comm. apply convex; assumption. }
  exists (sum d (fun k => Rabs (V (gru_out w) k) * H) + Rabs (v0 (gru_out w))). intros x.
  unfold gru_output, read, dot. eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_r.
  eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros k Hk. rewrite Rabs_mult.
  apply Rmult_le_compat_l; [apply Rabs_pos|now apply B].
Qed.

Theorem bounded : T1.
Proof.
  intros d n delta. repeat split.
  - intros w. destruct (elman_bounded tanh d w n tanh_le_1) as [Y B]. exact (unbounded Y delta _ n B).
  - intros w. destruct (elman_bounded sigmoid d w n sigmoid_abs) as [Y B]. exact (unbounded Y delta _ n B).
  - intros w. destruct (lstm_bounded d w n) as [Y B]. exact (unbounded Y delta _ n B).
  - intros after keeps w. destruct (gru_bounded after keeps d w n) as [Y B]. exact (unbounded Y delta _ n B).
Qed.
