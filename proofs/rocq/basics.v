(** Sums, sparse weights and runs. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions.
Import ListNotations.
Open Scope R_scope.

Lemma sum_ext d f g : (forall k, (k < d)%nat -> f k = g k) -> sum d f = sum d g.
Proof.
  induction d as [|d IH]; simpl; intros H; [reflexivity|].
  rewrite IH, (H d); auto with arith.
Qed.

Lemma sum_zero d f : (forall k, (k < d)%nat -> f k = 0) -> sum d f = 0.
Proof.
  induction d as [|d IH]; simpl; intros H; [reflexivity|].
  rewrite IH, (H d); [lra| |]; auto with arith.
Qed.

Lemma sum_plus d f g : sum d (fun k => f k + g k) = sum d f + sum d g.
Proof. induction d as [|d IH]; simpl; [lra|rewrite IH; lra]. Qed.

Lemma sum_scale d c f : sum d (fun k => c * f k) = c * sum d f.
Proof. induction d as [|d IH]; simpl; [lra|rewrite IH; lra]. Qed.

Lemma sum_const d c : sum d (fun _ => c) = INR d * c.
Proof. induction d as [|d IH]; [simpl; lra|]. rewrite S_INR; simpl; rewrite IH; lra. Qed.

Lemma sum_le d f g : (forall k, (k < d)%nat -> f k <= g k) -> sum d f <= sum d g.
Proof.
  induction d as [|d IH]; simpl; intros H; [lra|].
  assert (sum d f <= sum d g) by (apply IH; auto with arith). specialize (H d). assert (f d <= g d) by auto. lra.
Qed.

Lemma sum_abs d f : Rabs (sum d f) <= sum d (fun k => Rabs (f k)).
Proof.
  induction d as [|d IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

Lemma sum_nonneg d f : (forall k, (k < d)%nat -> 0 <= f k) -> 0 <= sum d f.
Proof. intros H. rewrite <- (sum_zero d (fun _ => 0)) by auto. apply sum_le; auto. Qed.

Lemma sum_split m n f : sum (m + n) f = sum m f + sum n (fun k => f (m + k)%nat).
Proof.
  induction n as [|n IH]; simpl; [rewrite Nat.add_0_r; lra|].
  rewrite Nat.add_succ_r; simpl; rewrite IH; lra.
Qed.

Lemma sum_head d f : sum (S d) f = f O + sum d (fun k => f (S k)).
Proof. change (S d) with (1 + d)%nat. rewrite sum_split. simpl. lra. Qed.

Lemma sum_swap m n (f : nat -> nat -> R) :
  sum m (fun i => sum n (fun j => f i j)) = sum n (fun j => sum m (fun i => f i j)).
Proof.
  induction m as [|m IH]; simpl; [symmetry; apply sum_zero; auto|].
  rewrite IH, <- sum_plus. reflexivity.
Qed.

Lemma sum_reverse d f : sum d f = sum d (fun k => f (d - 1 - k)%nat).
Proof.
  induction d as [|d IH]; [reflexivity|].
  rewrite (sum_head d (fun k => f (S d - 1 - k)%nat)). change (sum (S d) f) with (sum d f + f d).
  rewrite IH, Rplus_comm. f_equal; [f_equal; lia|].
  apply sum_ext; intros k H; f_equal; lia.
Qed.

(** The one nonzero term. *)
Lemma sum_single d i (c : R) (h : vector) :
  sum d (fun j => (if Nat.eqb j i then c else 0) * h j) = if Nat.ltb i d then c * h i else 0.
Proof.
  induction d as [|d IH]; simpl; [reflexivity|].
  rewrite IH. destruct (Nat.eqb_spec d i) as [->|E].
  - replace (i <? i)%nat with false by (symmetry; apply Nat.ltb_irrefl).
    replace (i <? S i)%nat with true by (symmetry; apply Nat.ltb_lt; lia). lra.
  - destruct (Nat.ltb_spec i d), (Nat.ltb_spec i (S d)); try lia; lra.
Qed.

Lemma sum_only d i f : (i < d)%nat -> (forall k, (k < d)%nat -> k <> i -> f k = 0) -> sum d f = f i.
Proof.
  induction d as [|d IH]; intros Hi H; [lia|]. simpl. destruct (Nat.eq_dec d i) as [->|E].
  - rewrite sum_zero; [lra|]. intros k Hk; apply H; lia.
  - rewrite IH, (H d) by (lia || (intros; apply H; lia)). lra.
Qed.

(** * Sparse rows *)

Fixpoint terms (d : nat) (entries : list (nat * R)) (h : vector) : R :=
  match entries with
  | [] => 0
  | (i, v) :: rest => (if Nat.ltb i d then v * h i else 0) + terms d rest h
  end.

Fixpoint row (entries : list (nat * nat * R)) (k : nat) : list (nat * R) :=
  match entries with
  | [] => []
  | (r, c, v) :: rest => if Nat.eqb k r then (c, v) :: row rest k else row rest k
  end.

Lemma dot_ext d v w h : (forall j, v j = w j) -> dot d v h = dot d w h.
Proof. intros H. apply sum_ext; intros. now rewrite H. Qed.

Lemma dot_vec d entries h : dot d (vec entries) h = terms d entries h.
Proof.
  unfold dot. induction entries as [|[i v] rest IH]; simpl.
  - apply sum_zero; intros; lra.
  - rewrite <- IH, <- sum_single, <- sum_plus. apply sum_ext; intros; lra.
Qed.

Lemma mat_row entries k j : mat entries k j = vec (row entries k) j.
Proof.
  induction entries as [|[[r c] v] rest IH]; simpl; [reflexivity|].
  destruct (Nat.eqb k r); simpl; rewrite IH; lra.
Qed.

Lemma dot_mat d entries k h : dot d (mat entries k) h = terms d (row entries k) h.
Proof. rewrite <- dot_vec. apply dot_ext, mat_row. Qed.

(** Evaluates affine maps, readouts and [terms] of sparse weights at concrete units; needs [lt i d] facts in context. *)
Ltac decide_units :=
  repeat match goal with
  | |- context [Nat.ltb ?i ?d] =>
      replace (Nat.ltb i d) with true by (symmetry; apply Nat.ltb_lt; lia)
  end.

Ltac weights :=
  unfold affine, input_map, read; cbn [W U b V v0];
  rewrite ?dot_mat, ?dot_vec; cbn [row terms vec mat Nat.eqb andb]; decide_units;
  rewrite ?Rplus_0_l, ?Rplus_0_r, ?Rmult_0_l, ?Rmult_0_r, ?Rplus_0_l, ?Rplus_0_r.

(** Equality of two expressions up to ring identities inside the activations. *)
Ltac arguments := first [reflexivity | lra | ring | f_equal; arguments].

(** * Bounds that hold along a run *)

Lemma run_S {state : Type} (step : state -> R -> state) s x t :
  run step s x (S t) = step (run step s x t) (x (S t)).
Proof. reflexivity. Qed.

(** A run reads x_1 ... x_n only. *)
Lemma run_ext {state : Type} (step : state -> R -> state) s x y n :
  (forall t, (1 <= t <= n)%nat -> x t = y t) -> run step s x n = run step s y n.
Proof.
  induction n as [|n IH]; simpl; intros H; [reflexivity|].
  rewrite IH, (H (S n)); [reflexivity|lia|intros; apply H; lia].
Qed.

Lemma box_bounds M x t : box M x -> - M <= x t <= M.
Proof. intros H. specialize (H t). revert H. unfold Rabs; destruct (Rcase_abs _); lra. Qed.

Lemma abs_le a e : - e <= a <= e -> Rabs a <= e.
Proof. unfold Rabs; destruct (Rcase_abs _); lra. Qed.

Lemma abs_le_inv a e : Rabs a <= e -> - e <= a <= e.
Proof. unfold Rabs; destruct (Rcase_abs _); lra. Qed.

Lemma exact_error (y : network) n x : y x n = x 1%nat -> Rabs (y x n - x 1%nat) <= 0.
Proof. intros ->. rewrite Rminus_diag_eq, Rabs_R0; lra. Qed.

Lemma recalls_less d d' D n y : d <= d' -> recalls_at d D n y -> recalls_at d' D n y.
Proof. intros H R x Hx. specialize (R x Hx). lra. Qed.

Lemma relu_pos z : 0 <= z -> relu z = z.
Proof. intros; unfold relu; apply Rmax_right; lra. Qed.

Lemma relu_neg z : z <= 0 -> relu z = 0.
Proof. intros; unfold relu; apply Rmax_left; lra. Qed.

Lemma relu_nonneg z : 0 <= relu z.
Proof. unfold relu. apply Rmax_l. Qed.
