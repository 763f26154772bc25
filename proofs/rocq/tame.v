(** Functions of one real s whose derivatives are at most A C^k k! on all of R: closed under sums, products and tanh, so that
    every quantity of a saturating cell is one if its inputs are functions of s with such derivatives (T2, C10). *)

From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions basics analysis.
Open Scope R_scope.

(** * Functions whose derivatives grow no faster than those of A (1 - C s)^-p at 0, k of them *)

Fixpoint majorised (C : R) (k : nat) (p A : R) (f : R -> R) : Prop :=
  (forall s, Rabs (f s) <= A) /\
  match k with
  | O => True
  | S j => exists f', (forall s, is_derive f s (f' s)) /\ majorised C j (p + 1) (A * (C * p)) f'
  end.

Lemma majorised_bound C k p A f : majorised C k p A f -> forall s, Rabs (f s) <= A.
Proof. destruct k; simpl; tauto. Qed.

Lemma majorised_nonneg C k p A f : majorised C k p A f -> 0 <= A.
Proof. intros H. pose proof (majorised_bound _ _ _ _ _ H 0). pose proof (Rabs_pos (f 0)). lra. Qed.

Lemma majorised_less C k : forall p A f, majorised C (S k) p A f -> majorised C k p A f.
Proof.
  induction k as [|k IH]; intros p A f [B H]; [now split|].
  split; [exact B|]. destruct H as (f' & D & H). exists f'. auto.
Qed.

Lemma majorised_weaken C C' k : 0 <= C <= C' ->
  forall p q A B f, 0 <= p -> 0 <= q -> C * p <= C' * q -> A <= B -> majorised C k p A f -> majorised C' k q B f.
Proof.
  intros HC. induction k as [|k IH]; intros p q A B f Hp Hq Hpq AB H; pose proof (majorised_nonneg _ _ _ _ _ H) as HA;
    destruct H as [Bd H]; (split; [intros s; specialize (Bd s); lra|]); [exact I|].
  destruct H as (f' & D & H). exists f'. split; [exact D|].
  apply (IH (p + 1) (q + 1) (A * (C * p)) (B * (C' * q))); try lra; [|exact H].
  assert (0 <= C * p) by now apply Rmult_le_pos. apply Rmult_le_compat; lra.
Qed.

Lemma majorised_const C k c : forall p A, 0 <= C -> 0 <= p -> Rabs c <= A -> majorised C k p A (fun _ => c).
Proof.
  revert c. induction k as [|k IH]; intros c p A HC Hp Hc; (split; [auto|]); [exact I|].
  exists (fun _ => 0). split; [intros s; apply @is_derive_const|].
  apply IH; [lra|lra|]. rewrite Rabs_R0. pose proof (Rabs_pos c). apply Rmult_le_pos; [lra|now apply Rmult_le_pos].
Qed.

Lemma majorised_plus C k : forall p A B f g, majorised C k p A f -> majorised C k p B g ->
  majorised C k p (A + B) (fun s => f s + g s).
Proof.
  induction k as [|k IH]; intros p A B f g [F HF] [G HG];
    (split; [intros s; eapply Rle_trans; [apply Rabs_triang|]; specialize (F s); specialize (G s); lra|]); [exact I|].
  destruct HF as (f' & DF & HF), HG as (g' & DG & HG). exists (fun s => f' s + g' s).
  split; [intros s; exact (is_derive_plus f g s _ _ (DF s) (DG s))|].
  rewrite Rmult_plus_distr_r. now apply IH.
Qed.

(** The orders add up, as for 1/(1 - Cs)^p. *)
Lemma majorised_mult C k : forall p q A B f g, majorised C k p A f -> majorised C k q B g ->
  majorised C k (p + q) (A * B) (fun s => f s * g s).
Proof.
  induction k as [|k IH]; intros p q A B f g HF HG;
    pose proof (majorised_bound _ _ _ _ _ HF) as F; pose proof (majorised_bound _ _ _ _ _ HG) as G;
    (split; [intros s; rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos|]); [exact I|].
  pose proof (majorised_less _ _ _ _ _ HF) as LF. pose proof (majorised_less _ _ _ _ _ HG) as LG.
  destruct HF as [_ (f' & DF & HF)], HG as [_ (g' & DG & HG)]. exists (fun s => f' s * g s + f s * g' s). split.
  - intros s. exact (is_derive_mult f g s _ _ (DF s) (DG s) Rmult_comm).
  - replace (A * B * (C * (p + q))) with (A * (C * p) * B + A * (B * (C * q))) by ring. apply majorised_plus.
    + replace (p + q + 1) with (p + 1 + q) by ring. now apply IH.
    + replace (p + q + 1) with (p + (q + 1)) by ring. now apply IH.
Qed.

(** v = tanh f satisfies v' = (1 - v^2) f', and (1/(1 - Cs)^(1/2))' = C/2 / (1 - Cs)^(3/2) is what three factors of order
    1/2 allow. *)
Lemma majorised_tanh C B f f' : 0 <= C -> 4 * B <= C -> (forall s, is_derive f s (f' s)) ->
  (forall k, majorised C k (1 / 2) B f') -> forall k, majorised C k (1 / 2) 1 (fun s => tanh (f s)).
Proof.
  intros HC HB D H k. induction k as [|k IH].
  - split; [|exact I]. intros s. apply abs_le. pose proof (tanh_bounds (f s)). lra.
  - split; [intros s; apply abs_le; pose proof (tanh_bounds (f s)); lra|].
    exists (fun s => (1 + -1 * (tanh (f s) * tanh (f s))) * f' s). split.
    + intros s. evar_last; [apply (is_derive_comp tanh f); [apply is_derive_tanh|apply D]|].
      unfold scal; simpl; unfold mult; simpl. ring.
    + apply (majorised_weaken C C k ltac:(lra) (0 + (1 / 2 + 1 / 2) + 1 / 2) _ ((1 + 1 * (1 * 1)) * B)); try lra.
      apply majorised_mult; [|apply H]. apply majorised_plus; [apply majorised_const; try apply abs_le; lra|].
      apply majorised_mult; [apply majorised_const; try apply abs_le; lra|]. now apply majorised_mult.
Qed.

(** * The class, for families of functions with one C and A, and its closure *)

Section families.
Context {I : Type}.

Definition tame (f : I -> R -> R) : Prop := exists C A, 0 < C /\ forall i k, majorised C k (1 / 2) A (f i).

(** A tame derivative: the function itself may be unbounded, as an input is. *)
Definition driven (f : I -> R -> R) : Prop := exists f', (forall i s, is_derive (f i) s (f' i s)) /\ tame f'.

Lemma tame_ext f g : (forall i s, f i s = g i s) -> tame g -> tame f.
Proof.
  intros E. now replace f with g by (symmetry; apply functional_extensionality; intros i; now apply functional_extensionality).
Qed.

Lemma tame_bounded c B : (forall i, Rabs (c i) <= B) -> tame (fun i _ => c i).
Proof. intros H. exists 1, B. split; [lra|]. intros i k. apply majorised_const; auto; lra. Qed.

Lemma tame_const c : tame (fun _ _ => c).
Proof. apply (tame_bounded (fun _ => c) (Rabs c)). intros; lra. Qed.

Lemma common f g : tame f -> tame g -> exists C A B, 0 < C /\
  (forall i k, majorised C k (1 / 2) A (f i)) /\ (forall i k, majorised C k (1 / 2) B (g i)).
Proof.
  intros (C & A & HC & F) (D & B & HD & G). exists (C + D), A, B. split; [lra|].
  split; intros i k; [apply (majorised_weaken C (C + D) k ltac:(lra) (1 / 2) _ A)|
    apply (majorised_weaken D (C + D) k ltac:(lra) (1 / 2) _ B)]; auto; lra.
Qed.

Lemma tame_plus f g : tame f -> tame g -> tame (fun i s => f i s + g i s).
Proof.
  intros F G. destruct (common f g F G) as (C & A & B & HC & HF & HG). exists C, (A + B).
  split; [exact HC|]. intros i k. now apply majorised_plus.
Qed.

Lemma tame_mult f g : tame f -> tame g -> tame (fun i s => f i s * g i s).
Proof.
  intros F G. destruct (common f g F G) as (C & A & B & HC & HF & HG). exists (2 * C), (A * B).
  split; [lra|]. intros i k. apply (majorised_weaken C (2 * C) k ltac:(lra) (1 / 2 + 1 / 2) _ (A * B)); try lra.
  now apply majorised_mult.
Qed.

Lemma tame_driven f : tame f -> driven f.
Proof.
  intros (C & A & HC & H).
  assert (D : forall i k, (forall s, is_derive (f i) s (Derive (f i) s)) /\
    majorised C k (1 / 2 + 1) (A * (C * (1 / 2))) (Derive (f i))).
  { intros i k. destruct (H i (S k)) as [_ (f' & D & M)].
    replace (Derive (f i)) with f' by (apply functional_extensionality; intros s; symmetry; now apply is_derive_unique). auto. }
  exists (fun i => Derive (f i)). split; [intros i; apply (D i O)|]. exists (3 * C), (A * (C * (1 / 2))). split; [lra|].
  intros i k. apply (majorised_weaken C (3 * C) k ltac:(lra) (1 / 2 + 1) _ (A * (C * (1 / 2)))); try lra. apply D.
Qed.

Lemma driven_const c : driven (fun _ _ => c).
Proof. apply tame_driven, tame_const. Qed.

Lemma driven_plus f g : driven f -> driven g -> driven (fun i s => f i s + g i s).
Proof.
  intros (f' & DF & F) (g' & DG & G). exists (fun i s => f' i s + g' i s).
  split; [intros i s; exact (is_derive_plus (f i) (g i) s _ _ (DF i s) (DG i s))|now apply tame_plus].
Qed.

Lemma driven_scale c f : driven f -> driven (fun i s => c * f i s).
Proof.
  intros (f' & D & F). exists (fun i s => c * f' i s).
  split; [intros i s; apply is_derive_scal, D|apply tame_mult; [apply tame_const|exact F]].
Qed.

Lemma tame_tanh f : driven f -> tame (fun i s => tanh (f i s)).
Proof.
  intros (f' & D & C & B & HC & H). exists (C + 4 * Rabs B), 1. pose proof (Rabs_pos B). pose proof (Rle_abs B).
  split; [lra|]. intros i. apply (majorised_tanh _ (Rabs B) (f i) (f' i)); [lra|lra|apply D|].
  intros k. apply (majorised_weaken C (C + 4 * Rabs B) k ltac:(lra) (1 / 2) _ B); auto; lra.
Qed.

Lemma tame_sigmoid f : driven f -> tame (fun i s => sigmoid (f i s)).
Proof.
  intros F. apply (tame_ext _ (fun i s => 1 / 2 + 1 / 2 * tanh (1 / 2 * f i s))).
  - intros i s. replace (f i s) with (2 * (1 / 2 * f i s)) at 1 by field. rewrite sigmoid_tanh. field.
  - apply tame_plus; [apply tame_const|]. apply tame_mult; [apply tame_const|]. now apply tame_tanh, driven_scale.
Qed.

(** * Cells *)

Definition tame_vector (h : I -> R -> vector) : Prop := forall k, tame (fun i s => h i s k).

Lemma tame_dot d v h : tame_vector h -> tame (fun i s => dot d v (h i s)).
Proof.
  intros H. unfold dot. induction d as [|d IH]; simpl; [apply tame_const|].
  apply tame_plus; [exact IH|]. apply tame_mult; [apply tame_const|apply H].
Qed.

Lemma tame_read d r h : tame_vector h -> tame (fun i s => read d r (h i s)).
Proof. intros H. apply tame_plus; [now apply tame_dot|apply tame_const]. Qed.

Lemma driven_input g x k : driven x -> driven (fun i s => input_map g (x i s) k).
Proof. intros X. apply driven_plus; [now apply driven_scale|apply driven_const]. Qed.

Lemma driven_affine d g h x k : tame_vector h -> driven x -> driven (fun i s => affine d g (h i s) (x i s) k).
Proof.
  intros H X. unfold affine. apply driven_plus; [|apply driven_const]. apply driven_plus; [|now apply driven_scale].
  apply tame_driven. now apply tame_dot.
Qed.

Variable x : I -> R -> sequence.
Hypothesis Inputs : forall t, driven (fun i s => x i s t).

Lemma elman_tame act d w n : (forall f, driven f -> tame (fun i s => act (f i s))) ->
  tame (fun i s => elman_output act d w (x i s) n).
Proof.
  intros Act. apply tame_read. induction n as [|n IH]; intros k; [cbn [run]; apply tame_const|].
  apply Act. apply (driven_affine d (elman_h w) _ (fun i s => x i s (S n))); [exact IH|apply Inputs].
Qed.

Lemma lstm_cell d w s y k : snd (lstm_step d w s y) k =
  sigmoid (affine d (lstm_f w) (fst s) y k) * snd s k +
  sigmoid (affine d (lstm_i w) (fst s) y k) * tanh (affine d (lstm_g w) (fst s) y k).
Proof. now destruct s. Qed.

Lemma lstm_hidden d w s y k :
  fst (lstm_step d w s y) k = sigmoid (affine d (lstm_o w) (fst s) y k) * tanh (snd (lstm_step d w s y) k).
Proof. now destruct s. Qed.

Lemma lstm_state_tame d w n : tame_vector (fun i s => fst (run (lstm_step d w) (lstm_start w) (x i s) n)).
Proof.
  set (state := fun n i s => run (lstm_step d w) (lstm_start w) (x i s) n).
  enough (H : tame_vector (fun i s => fst (state n i s)) /\ tame_vector (fun i s => snd (state n i s))) by apply H.
  induction n as [|n [IHh IHc]]; [split; intros k; cbn; apply tame_const|].
  assert (Gate : forall g k, driven (fun i s => affine d g (fst (state n i s)) (x i s (S n)) k)).
  { intros g k. apply (driven_affine d g _ (fun i s => x i s (S n))); [exact IHh|apply Inputs]. }
  assert (Cell : tame_vector (fun i s => snd (state (S n) i s))).
  { intros k. apply (tame_ext _ _ (fun i s => lstm_cell d w (state n i s) (x i s (S n)) k)).
    apply tame_plus; apply tame_mult; [apply tame_sigmoid, Gate|apply IHc|apply tame_sigmoid, Gate|apply tame_tanh, Gate]. }
  split; [|exact Cell]. intros k. apply (tame_ext _ _ (fun i s => lstm_hidden d w (state n i s) (x i s (S n)) k)).
  apply tame_mult; [apply tame_sigmoid, Gate|apply tame_tanh, tame_driven, Cell].
Qed.

Lemma lstm_tame d w n : tame (fun i s => lstm_output d w (x i s) n).
Proof. apply tame_read, lstm_state_tame. Qed.

Lemma gru_tame after keeps d w n : tame (fun i s => gru_output after keeps d w (x i s) n).
Proof.
  apply tame_read. induction n as [|n IH]; intros k; [cbn [run]; apply tame_const|].
  set (h := fun i s => run (gru_step after keeps d w) (gru_start w) (x i s) n) in *. set (y := fun i s => x i s (S n)).
  assert (X : driven y) by apply Inputs.
  assert (Z : tame (fun i s => sigmoid (affine d (gru_z w) (h i s) (y i s) k))) by now apply tame_sigmoid, driven_affine.
  assert (Rs : forall j, tame (fun i s => sigmoid (affine d (gru_r w) (h i s) (y i s) j)))
    by (intros j; now apply tame_sigmoid, driven_affine).
  assert (Less : forall f, tame f -> tame (fun i s => 1 - f i s)).
  { intros f F. apply (tame_ext _ (fun i s => 1 + -1 * f i s)); [intros; ring|].
    apply tame_plus; [apply tame_const|]. apply tame_mult; [apply tame_const|exact F]. }
  assert (N : tame (fun i s => tanh ((if after
    then fun k => sigmoid (affine d (gru_r w) (h i s) (y i s) k) * (dot d (W (gru_n w) k) (h i s) + gru_c w k) +
      input_map (gru_n w) (y i s) k
    else affine d (gru_n w) (fun j => sigmoid (affine d (gru_r w) (h i s) (y i s) j) * h i s j) (y i s)) k))).
  { apply tame_tanh. destruct after.
    - apply driven_plus; [|now apply driven_input]. apply tame_driven, tame_mult; [apply Rs|].
      apply tame_plus; [now apply tame_dot|apply tame_const].
    - apply (driven_affine d (gru_n w) (fun i s j => sigmoid (affine d (gru_r w) (h i s) (y i s) j) * h i s j)); [|exact X].
      intros j. apply tame_mult; [apply Rs|apply IH]. }
  change (tame (fun i s => gru_step after keeps d w (h i s) (y i s) k)). unfold gru_step.
  destruct keeps; apply tame_plus; apply tame_mult; auto.
Qed.

End families.
