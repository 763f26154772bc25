(** C10, the LSTM: 2d numbers with d units. To first order in eps one step moves every slot on; the rest is of second order. *)

From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis line linear tame c10.
Open Scope R_scope.

(** * The second order: tame functions are within B s^2 of their tangent *)

Lemma tangent {I : Type} (f : I -> R -> R) : tame f -> exists B, forall i (s l : R), 0 <= s -> is_derive (f i) 0 l ->
  Rabs (f i s - f i 0 - s * l) <= B * s ^ 2.
Proof.
  intros (C & A & HC & H). set (B := A * (C * (1 / 2)) * (C * (1 / 2 + 1))). exists B. intros i s l Hs Dl.
  destruct (H i 2%nat) as [_ (f' & D & [_ (f'' & D' & [Second _])])]. fold B in Second.
  replace l with (f' 0) by (rewrite <- (is_derive_unique _ _ _ Dl); symmetry; now apply is_derive_unique).
  destruct Hs as [Hs|<-]; [|replace (f i 0 - f i 0 - 0 * f' 0) with 0 by ring; rewrite Rabs_R0; simpl; lra].
  destruct (MVT_cor2 (f i) f' 0 s Hs) as (z & Ez & Hz); [intros y _; apply is_derive_Reals, D|].
  destruct (MVT_cor2 f' f'' 0 z ltac:(lra)) as (u & Eu & Hu); [intros y _; apply is_derive_Reals, D'|].
  rewrite Ez. replace (f' z * (s - 0) - s * f' 0) with (s * (f' z - f' 0)) by ring. rewrite Eu.
  replace (s * (f'' u * (z - 0))) with (s * (z * f'' u)) by ring.
  rewrite !Rabs_mult, (Rabs_pos_eq s), (Rabs_pos_eq z) by lra. specialize (Second u). pose proof (Rabs_pos (f'' u)).
  assert (z * Rabs (f'' u) <= s * B) by (apply Rmult_le_compat; lra).
  replace (B * s ^ 2) with (s * (s * B)) by ring. apply Rmult_le_compat_l; lra.
Qed.

(** * One step *)

Section line.
Variables (d n : nat).
Hypothesis Hn : (1 <= n <= 2 * d)%nat.

Notation m := (Nat.div2 (S n)).
Notation shown := (tanh (1 / 2)).
Notation p := (32 / (3 * (1 - shown ^ 2))).
Notation r := (8 / shown).
Notation net := (C10_lstm_weights n 1).

Lemma units : (1 <= m <= d)%nat /\ n = (if Nat.even n then 2 * m else 2 * m - 1)%nat.
Proof.
  destruct (Nat.Even_or_Odd n) as [[q E]|[q E]]; subst n.
  - replace (Nat.even (2 * q)) with true by (symmetry; apply Nat.even_spec; now exists q).
    rewrite Nat.div2_succ_double. lia.
  - replace (Nat.even (2 * q + 1)) with false by (rewrite <- Nat.negb_odd; replace (Nat.odd (2 * q + 1)) with true;
      [reflexivity|symmetry; apply Nat.odd_spec; now exists q]).
    replace (S (2 * q + 1)) with (2 * S q)%nat by lia. rewrite Nat.div2_double. lia.
Qed.

Lemma constants : 0 < shown < 1.
Proof. split; [apply tanh_pos; lra|apply tanh_bounds]. Qed.

Definition next (h : vector) (k : nat) : R := if Nat.ltb (S k) m then h (S k) else 0.

Lemma row_dot own onward k h : (k < m)%nat ->
  dot d (fun j => (if (Nat.eqb j (S k) && Nat.ltb j m)%bool then onward else 0) +
    (if (Nat.eqb j k && Nat.ltb j m)%bool then own else 0)) h = onward * next h k + own * h k.
Proof.
  intros Hk. pose proof units as [Hm _].
  transitivity (dot d (fun j => if (Nat.eqb j (S k) && Nat.ltb j m)%bool then onward else 0) h +
    dot d (fun j => if Nat.eqb j k then own else 0) h).
  - unfold dot. rewrite <- sum_plus. apply sum_ext. intros j _.
    destruct (Nat.eqb_spec j k) as [->|]; [replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt)|]; cbn [andb]; ring.
  - rewrite next_slot by lia. unfold dot. rewrite sum_single. unfold next.
    replace (Nat.ltb k d) with true by (symmetry; apply Nat.ltb_lt; lia). destruct (Nat.ltb (S k) m); ring.
Qed.

Definition at_last (k : nat) (y : R) : R := if Nat.eqb k (m - 1) then y else 0.
Definition gain_g : R := if Nat.even n then p else p / 2.
Definition gain_o : R := if Nat.even n then - r else 0.

(** What unit k takes in, and shows, of the state (h, c): h and c at the operating point plus what travels. *)
Definition taken (h : vector) (y : R) (k : nat) : R :=
  ln 3 / 2 + (p * next (fun i => h i - shown / 2) k - p / 4 * (h k - shown / 2) + at_last k (gain_g * y)).

Definition opened (h : vector) (y : R) (k : nat) : R :=
  - (r * next (fun i => h i - shown / 2) k) + at_last k (gain_o * y).

Lemma next_minus h k a : next (fun i => h i - a) k = next h k - (if Nat.ltb (S k) m then a else 0).
Proof. unfold next. destruct (Nat.ltb (S k) m); ring. Qed.

Lemma step_c s y k : (k < m)%nat -> snd (lstm_step d net s y) k = 1 / 2 * snd s k + 1 / 2 * tanh (taken (fst s) y k).
Proof.
  intros Hk. rewrite lstm_cell. cbn [C10_lstm_weights lstm_f lstm_i lstm_g].
  assert (Z : sigmoid (affine d no_weights (fst s) y k) = 1 / 2).
  { rewrite <- sigmoid_0. f_equal. unfold affine, no_weights; cbn [W U b vec]. rewrite dot_mat. cbn [row terms]. ring. }
  rewrite Z. do 3 f_equal. unfold affine; cbn [W U b vec]. rewrite row_dot by exact Hk.
  unfold taken, at_last, gain_g, first. replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
  rewrite next_minus. destruct (Nat.eqb k (m - 1)), (Nat.ltb (S k) m), (Nat.even n); ring.
Qed.

Lemma step_h s y k : (k < m)%nat ->
  fst (lstm_step d net s y) k = sigmoid (opened (fst s) y k) * tanh (snd (lstm_step d net s y) k).
Proof.
  intros Hk. rewrite lstm_hidden. f_equal. cbn [C10_lstm_weights lstm_o]. f_equal.
  unfold affine; cbn [W U b vec]. rewrite row_dot by exact Hk.
  unfold opened, at_last, gain_o, first. replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
  rewrite next_minus. destruct (Nat.eqb k (m - 1)), (Nat.ltb (S k) m), (Nat.even n); ring.
Qed.

(** * To first order: a line of n slots, h and c in turn *)

Definition slot (x : sequence) (t q : nat) : R := if (Nat.ltb q n && Nat.leb n (t + q))%bool then x (t + q + 1 - n)%nat else 0.

Lemma slot_empty x q : slot x 0 q = 0.
Proof.
  unfold slot. destruct (Nat.ltb_spec q n); [|reflexivity].
  replace (Nat.leb n (0 + q)) with false by (symmetry; apply Nat.leb_gt; lia).
  reflexivity.
Qed.

Lemma slot_moves x t q : slot x (S t) q = if Nat.eqb (S q) n then x (S t) else slot x t (S q).
Proof.
  unfold slot. replace (S t + q)%nat with (t + S q)%nat by lia. destruct (Nat.eqb_spec (S q) n) as [E|E].
  - replace (Nat.ltb q n) with true by (symmetry; apply Nat.ltb_lt; lia).
    replace (Nat.leb n (t + S q)) with true by (symmetry; apply Nat.leb_le; lia). cbn [andb]. f_equal. lia.
  - destruct (Nat.ltb_spec q n), (Nat.ltb_spec (S q) n); try lia; reflexivity.
Qed.

Definition moved_h (x : sequence) (t k : nat) : R := slot x t (2 * k).
Definition moved_c (x : sequence) (t k : nat) : R := 4 / (1 - shown ^ 2) * (slot x t (2 * k + 1) + slot x t (2 * k) / 2).

Lemma taken_moves x t k : (k < m)%nat -> 1 / 2 * moved_c x t k +
  1 / 2 * (3 / 4 * (p * next (moved_h x t) k - p / 4 * moved_h x t k + at_last k (gain_g * x (S t)))) = moved_c x (S t) k.
Proof.
  intros Hk. pose proof constants as Sh. assert (P : 0 < 1 - shown ^ 2) by nra. destruct units as [Hm En].
  unfold moved_c, next, moved_h, at_last, gain_g. rewrite !slot_moves.
  replace (S (2 * k + 1)) with (2 * S k)%nat by lia. replace (S (2 * k)) with (2 * k + 1)%nat by lia.
  assert (Beyond : forall q, (n <= q)%nat -> slot x t q = 0).
  { intros q Hq. unfold slot. now replace (Nat.ltb q n) with false by (symmetry; apply Nat.ltb_ge; lia). }
  destruct (Nat.eqb_spec k (m - 1)) as [->|Ne].
  - replace (Nat.ltb (S (m - 1)) m) with false by (symmetry; apply Nat.ltb_ge; lia). destruct (Nat.even n).
    + replace (Nat.eqb (2 * S (m - 1)) n) with true by (symmetry; apply Nat.eqb_eq; lia).
      replace (Nat.eqb (2 * (m - 1) + 1) n) with false by (symmetry; apply Nat.eqb_neq; lia). field. lra.
    + replace (Nat.eqb (2 * S (m - 1)) n) with false by (symmetry; apply Nat.eqb_neq; lia).
      replace (Nat.eqb (2 * (m - 1) + 1) n) with true by (symmetry; apply Nat.eqb_eq; lia).
      rewrite (Beyond (2 * (m - 1) + 1)%nat), (Beyond (2 * S (m - 1))%nat) by lia. field. lra.
  - replace (Nat.ltb (S k) m) with true by (symmetry; apply Nat.ltb_lt; lia).
    replace (Nat.eqb (2 * S k) n) with false by (symmetry; apply Nat.eqb_neq; destruct (Nat.even n); lia).
    replace (Nat.eqb (2 * k + 1) n) with false by (symmetry; apply Nat.eqb_neq; destruct (Nat.even n); lia). field. lra.
Qed.

Lemma shown_moves x t k : (k < m)%nat -> 1 / 4 * (- (r * next (moved_h x t) k) + at_last k (gain_o * x (S t))) * shown +
  1 / 2 * ((1 - shown ^ 2) * moved_c x (S t) k) = moved_h x (S t) k.
Proof.
  intros Hk. pose proof constants as Sh. assert (P : 0 < 1 - shown ^ 2) by nra. destruct units as [Hm En].
  unfold moved_c, next, moved_h, at_last, gain_o. rewrite !slot_moves.
  replace (S (2 * k + 1)) with (2 * S k)%nat by lia. replace (S (2 * k)) with (2 * k + 1)%nat by lia.
  assert (Beyond : forall q, (n <= q)%nat -> slot x t q = 0).
  { intros q Hq. unfold slot. now replace (Nat.ltb q n) with false by (symmetry; apply Nat.ltb_ge; lia). }
  destruct (Nat.eqb_spec k (m - 1)) as [->|Ne].
  - replace (Nat.ltb (S (m - 1)) m) with false by (symmetry; apply Nat.ltb_ge; lia). destruct (Nat.even n).
    + replace (Nat.eqb (2 * S (m - 1)) n) with true by (symmetry; apply Nat.eqb_eq; lia).
      replace (Nat.eqb (2 * (m - 1) + 1) n) with false by (symmetry; apply Nat.eqb_neq; lia). field. lra.
    + replace (Nat.eqb (2 * S (m - 1)) n) with false by (symmetry; apply Nat.eqb_neq; lia).
      replace (Nat.eqb (2 * (m - 1) + 1) n) with true by (symmetry; apply Nat.eqb_eq; lia).
      rewrite (Beyond (2 * S (m - 1))%nat) by lia. field. lra.
  - replace (Nat.ltb (S k) m) with true by (symmetry; apply Nat.ltb_lt; lia).
    replace (Nat.eqb (2 * S k) n) with false by (symmetry; apply Nat.eqb_neq; destruct (Nat.even n); lia).
    replace (Nat.eqb (2 * k + 1) n) with false by (symmetry; apply Nat.eqb_neq; destruct (Nat.even n); lia). field. lra.
Qed.

(** * The state's value and derivative at scale 0 *)

Notation state x s t := (run (lstm_step d net) (lstm_start net) (fun i => s * x i) t).

Lemma tanh_half_3 : tanh (ln 3 / 2) = 1 / 2.
Proof. rewrite tanh_exp. replace (2 * (ln 3 / 2)) with (ln 3) by field. rewrite exp_ln by lra. field. Qed.

Lemma d_value (f : R -> R) y (l l' : R) : is_derive f y l -> l = l' -> is_derive f y l'.
Proof. now intros H <-. Qed.

Lemma d_const (c y : R) : is_derive (fun _ : R => c) y 0.
Proof. apply @is_derive_const. Qed.

Lemma d_plus (f g : R -> R) y (a c : R) : is_derive f y a -> is_derive g y c -> is_derive (fun s => f s + g s) y (a + c).
Proof. intros F G. exact (is_derive_plus f g y a c F G). Qed.

Lemma d_scale (f : R -> R) (k : R) y (a : R) : is_derive f y a -> is_derive (fun s => k * f s) y (k * a).
Proof. intros F. exact (is_derive_scal f y k a F). Qed.

Lemma d_minus (f g : R -> R) y (a c : R) : is_derive f y a -> is_derive g y c -> is_derive (fun s => f s - g s) y (a - c).
Proof. intros F G. exact (is_derive_minus f g y a c F G). Qed.

Lemma d_mult (f g : R -> R) y (a c : R) : is_derive f y a -> is_derive g y c ->
  is_derive (fun s => f s * g s) y (a * g y + f y * c).
Proof. intros F G. exact (is_derive_mult f g y a c F G Rmult_comm). Qed.

Lemma d_comp (f g : R -> R) y (a c : R) : is_derive f (g y) a -> is_derive g y c -> is_derive (fun s => f (g s)) y (c * a).
Proof. intros F G. exact (is_derive_comp f g y a c F G). Qed.

Lemma d_multiple (v y : R) : is_derive (fun s => s * v) y v.
Proof. apply (d_value _ _ (1 * v + y * 0)); [|ring]. apply (d_mult (fun s => s)); [apply @is_derive_id|apply d_const]. Qed.

Lemma is_derive_sigmoid z : is_derive sigmoid z (sigmoid z * (1 - sigmoid z)).
Proof.
  unfold sigmoid. pose proof (exp_pos (- z)). auto_derive; [lra|]. field. lra.
Qed.

(** A step from states that depend on s. *)
Section step.
Variables (hs cs : R -> vector) (y : R) (dh dc : vector).
Hypotheses (Val : forall k, (k < m)%nat -> hs 0 k = shown / 2 /\ cs 0 k = 1 / 2)
  (Der : forall k, (k < m)%nat -> is_derive (fun s => hs s k) 0 (dh k) /\ is_derive (fun s => cs s k) 0 (dc k)).

Lemma next_0 k : next (fun i => hs 0 i - shown / 2) k = 0.
Proof. unfold next. destruct (Nat.ltb_spec (S k) m); [|reflexivity]. destruct (Val (S k)) as [-> _]; [assumption|ring]. Qed.

Lemma last_0 g k : at_last k (g * (0 * y)) = 0.
Proof. unfold at_last. destruct (Nat.eqb k (m - 1)); ring. Qed.

Lemma taken_0 k : (k < m)%nat -> taken (hs 0) (0 * y) k = ln 3 / 2.
Proof. intros Hk. unfold taken. rewrite next_0, last_0. destruct (Val k Hk) as [-> _]. ring. Qed.

Lemma opened_0 k : opened (hs 0) (0 * y) k = 0.
Proof. unfold opened. rewrite next_0, last_0. ring. Qed.

Lemma d_next k : is_derive (fun s => next (fun i => hs s i - shown / 2) k) 0 (next dh k).
Proof.
  unfold next. destruct (Nat.ltb_spec (S k) m) as [l|]; [|apply d_const].
  apply (d_value _ _ (dh (S k) - 0)); [|ring].
  exact (d_minus (fun s => hs s (S k)) (fun _ => shown / 2) 0 _ _ (proj1 (Der (S k) l)) (d_const (shown / 2) 0)).
Qed.

Lemma d_last g k : is_derive (fun s => at_last k (g * (s * y))) 0 (at_last k (g * y)).
Proof. unfold at_last. destruct (Nat.eqb k (m - 1)); [|apply d_const]. auto_derive; [trivial|ring]. Qed.

Lemma d_taken k : (k < m)%nat ->
  is_derive (fun s => taken (hs s) (s * y) k) 0 (p * next dh k - p / 4 * dh k + at_last k (gain_g * y)).
Proof.
  intros Hk. unfold taken. eapply d_value.
  - apply d_plus; [apply d_const|]. apply d_plus; [|apply d_last].
    apply d_minus; [exact (d_scale _ p 0 _ (d_next k))|].
    exact (d_scale (fun s => hs s k - shown / 2) (p / 4) 0 _
      (d_minus (fun s => hs s k) (fun _ => shown / 2) 0 _ _ (proj1 (Der k Hk)) (d_const (shown / 2) 0))).
  - ring.
Qed.

Lemma d_opened k : is_derive (fun s => opened (hs s) (s * y) k) 0 (- (r * next dh k) + at_last k (gain_o * y)).
Proof.
  unfold opened. apply d_plus; [|apply d_last]. apply (is_derive_opp (fun s => r * next (fun i => hs s i - shown / 2) k)).
  apply d_scale, d_next.
Qed.

Variables (hs' cs' : R -> vector).
Hypotheses (Cs : forall s k, (k < m)%nat -> cs' s k = 1 / 2 * cs s k + 1 / 2 * tanh (taken (hs s) (s * y) k))
  (Hs : forall s k, (k < m)%nat -> hs' s k = sigmoid (opened (hs s) (s * y) k) * tanh (cs' s k)).

Lemma cell_0 k : (k < m)%nat -> cs' 0 k = 1 / 2.
Proof. intros Hk. rewrite Cs, taken_0, tanh_half_3 by exact Hk. destruct (Val k Hk) as [_ ->]. field. Qed.

Lemma d_cell k : (k < m)%nat -> is_derive (fun s => cs' s k) 0
  (1 / 2 * dc k + 1 / 2 * (3 / 4 * (p * next dh k - p / 4 * dh k + at_last k (gain_g * y)))).
Proof.
  intros Hk. apply (is_derive_ext (fun s => 1 / 2 * cs s k + 1 / 2 * tanh (taken (hs s) (s * y) k)));
    [intros s; symmetry; now apply Cs|].
  apply d_plus; apply d_scale; [now apply Der|]. eapply d_value.
  - apply (d_comp tanh (fun s => taken (hs s) (s * y) k)); [apply is_derive_tanh|now apply d_taken].
  - rewrite taken_0, tanh_half_3 by exact Hk. set (q := p * _ - _ + _). clearbody q. field.
Qed.

Lemma hidden_0 k : (k < m)%nat -> hs' 0 k = shown / 2.
Proof. intros Hk. rewrite Hs, opened_0, sigmoid_0, cell_0 by exact Hk. field. Qed.

Lemma d_hidden k (l : R) : (k < m)%nat -> is_derive (fun s => cs' s k) 0 l -> is_derive (fun s => hs' s k) 0
  (1 / 4 * (- (r * next dh k) + at_last k (gain_o * y)) * shown + 1 / 2 * ((1 - shown ^ 2) * l)).
Proof.
  intros Hk Dc. apply (is_derive_ext (fun s => sigmoid (opened (hs s) (s * y) k) * tanh (cs' s k)));
    [intros s; symmetry; now apply Hs|]. eapply d_value.
  - apply d_mult.
    + apply (d_comp sigmoid (fun s => opened (hs s) (s * y) k)); [apply is_derive_sigmoid|apply d_opened].
    + apply (d_comp tanh (fun s => cs' s k)); [apply is_derive_tanh|exact Dc].
  - cbv beta. rewrite opened_0, sigmoid_0, cell_0 by exact Hk.
    set (q := - _ + _). clearbody q. set (t := shown). clearbody t. field.
Qed.

End step.

Lemma first_order x t : (forall k, (k < m)%nat -> fst (state x 0 t) k = shown / 2 /\ snd (state x 0 t) k = 1 / 2) /\
  (forall k, (k < m)%nat -> is_derive (fun s => fst (state x s t) k) 0 (moved_h x t k) /\
    is_derive (fun s => snd (state x s t) k) 0 (moved_c x t k)).
Proof.
  assert (Low : forall k (v : vector), (k < m)%nat -> first m v k = v k).
  { intros k v Hk. unfold first. now replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt). }
  induction t as [|t [Val Der]].
  - split; intros k Hk; cbn [run C10_lstm_weights lstm_start fst snd]; rewrite !Low by exact Hk; [split; reflexivity|].
    unfold moved_h, moved_c. rewrite !slot_empty. split; [apply d_const|]. apply (d_value _ _ 0); [apply d_const|].
    pose proof constants. field. nra.
  - set (hs := fun s => fst (state x s t)) in *. set (cs := fun s => snd (state x s t)) in *.
    set (hs' := fun s => fst (state x s (S t))). set (cs' := fun s => snd (state x s (S t))).
    assert (Cs : forall s k, (k < m)%nat -> cs' s k = 1 / 2 * cs s k + 1 / 2 * tanh (taken (hs s) (s * x (S t)) k))
      by (intros s k Hk; unfold cs'; rewrite run_S; now apply step_c).
    assert (Hs : forall s k, (k < m)%nat -> hs' s k = sigmoid (opened (hs s) (s * x (S t)) k) * tanh (cs' s k))
      by (intros s k Hk; unfold hs', cs'; rewrite run_S; now apply step_h).
    change (forall k, (k < m)%nat -> hs 0 k = shown / 2 /\ cs 0 k = 1 / 2) in Val.
    change (forall k, (k < m)%nat -> is_derive (fun s => hs s k) 0 (moved_h x t k) /\ is_derive (fun s => cs s k) 0 (moved_c x t k))
      in Der.
    change ((forall k, (k < m)%nat -> hs' 0 k = shown / 2 /\ cs' 0 k = 1 / 2) /\ forall k, (k < m)%nat ->
      is_derive (fun s => hs' s k) 0 (moved_h x (S t) k) /\ is_derive (fun s => cs' s k) 0 (moved_c x (S t) k)).
    clearbody hs cs hs' cs'.
    assert (Dc : forall k, (k < m)%nat -> is_derive (fun s => cs' s k) 0 (moved_c x (S t) k)).
    { intros k Hk. rewrite <- taken_moves by exact Hk. now apply (d_cell hs cs (x (S t))). }
    split; intros k Hk; (split; [|try now apply Dc]).
    + now apply (hidden_0 hs cs (x (S t)) Val hs' cs' Cs Hs).
    + now apply (cell_0 hs cs (x (S t)) Val cs').
    + rewrite <- shown_moves by exact Hk. apply (d_hidden hs cs (x (S t)) (moved_h x t) (moved_c x t) Val Der hs' cs' Cs Hs k);
        [exact Hk|now apply Dc].
Qed.

(** The scale belongs to the inputs as well as to the weights. *)
Lemma rescaled eps x t : run (lstm_step d (C10_lstm_weights n eps)) (lstm_start net) x t = state x eps t.
Proof.
  induction t as [|t IH]; [reflexivity|]. rewrite !run_S, IH. destruct (state x eps t) as [h c].
  assert (G : forall g g' k, (forall i j, W g i j = W g' i j) -> b g k = b g' k -> U g k = eps * U g' k ->
    affine d g h (x (S t)) k = affine d g' h (eps * x (S t)) k).
  { intros g g' k EW Eb EU. unfold affine. rewrite Eb, EU, (dot_ext d (W g k) (W g' k)) by (intros; apply EW). ring. }
  assert (EF : forall k, affine d no_weights h (x (S t)) k = affine d no_weights h (eps * x (S t)) k).
  { intros k. apply G; try reflexivity. cbn. ring. }
  assert (EG : forall k, affine d (lstm_g (C10_lstm_weights n eps)) h (x (S t)) k = affine d (lstm_g net) h (eps * x (S t)) k).
  { intros k. apply G; try reflexivity. cbn [C10_lstm_weights lstm_g U vec]. destruct (Nat.eqb k (m - 1)); ring. }
  assert (EO : forall k, affine d (lstm_o (C10_lstm_weights n eps)) h (x (S t)) k = affine d (lstm_o net) h (eps * x (S t)) k).
  { intros k. apply G; try reflexivity. cbn [C10_lstm_weights lstm_o U vec]. destruct (Nat.eqb k (m - 1)); ring. }
  assert (C : forall k, snd (lstm_step d (C10_lstm_weights n eps) (h, c) (x (S t))) k =
    snd (lstm_step d net (h, c) (eps * x (S t))) k).
  { intros k. rewrite !lstm_cell. cbn [fst snd]. rewrite EG.
    change (lstm_f (C10_lstm_weights n eps)) with no_weights. change (lstm_i (C10_lstm_weights n eps)) with no_weights.
    change (lstm_f net) with no_weights. change (lstm_i net) with no_weights. now rewrite EF. }
  apply injective_projections; apply functional_extensionality; intros k; [|apply C].
  rewrite !lstm_hidden. cbn [fst]. now rewrite EO, C.
Qed.

End line.

Theorem copied : C10_lstm.
Proof.
  intros d n M Hn HM. set (inputs := {x : sequence | box M x}).
  set (net := C10_lstm_weights n 1). set (scaled := fun (i : inputs) (s : R) => (fun t => s * proj1_sig i t) : sequence).
  destruct (units d n Hn) as [Hm _].
  assert (Driven : forall t, driven (fun i s => scaled i s t)).
  { intros t. exists (fun i _ => proj1_sig i t). split.
    - intros i s. exact (d_multiple (proj1_sig i t) s).
    - apply (tame_bounded (fun i : inputs => proj1_sig i t) M). intros i. apply (proj2_sig i). }
  assert (Bound : forall T, exists B, 0 <= B /\ forall t i s, (t < T)%nat -> 0 <= s ->
    Rabs (fst (run (lstm_step d net) (lstm_start net) (scaled i s) t) 0%nat - tanh (1 / 2) / 2 - s * moved_h n (proj1_sig i) t 0)
      <= B * s ^ 2).
  { induction T as [|T (B & HB & IH)]; [exists 0; split; [lra|]; intros; lia|].
    destruct (tangent _ (lstm_state_tame scaled Driven d net T 0%nat)) as [B' HB'].
    exists (B + Rabs B'). pose proof (Rabs_pos B'). pose proof (Rle_abs B'). split; [lra|].
    intros t i s Ht Hs. pose proof (pow2_ge_0 s).
    destruct (Nat.eq_dec t T) as [->|Ne].
    - destruct (first_order d n Hn (proj1_sig i) T) as [Val Der]. destruct (Val 0%nat ltac:(lia)) as [Val0 _].
      destruct (Der 0%nat ltac:(lia)) as [Der0 _]. specialize (HB' i s _ Hs Der0). cbv beta in HB'. unfold scaled in HB' at 2.
      fold net in Val0. rewrite Val0 in HB'. eapply Rle_trans; [exact HB'|]. nra.
    - eapply Rle_trans; [apply IH; lia || assumption|]. nra. }
  destruct (Bound (2 * n)%nat) as (B & HB & Near). exists B. intros eps He x j Hx Hj.
  assert (Hb : box M (blanked n x)).
  { intros t. unfold blanked. destruct (Nat.leb t n); [apply Hx|rewrite Rabs_R0; lra]. }
  specialize (Near (n + j - 1)%nat (exist _ (blanked n x) Hb) eps ltac:(lia) ltac:(lra)). cbn [proj1_sig] in Near.
  replace (moved_h n (blanked n x) (n + j - 1) 0) with (x j) in Near.
  2:{ unfold moved_h, slot. rewrite Nat.mul_0_r, Nat.add_0_r. replace (Nat.ltb 0 n) with true by (symmetry; apply Nat.ltb_lt; lia).
    replace (Nat.leb n (n + j - 1)) with true by (symmetry; apply Nat.leb_le; lia). cbn [andb].
    replace (n + j - 1 + 1 - n)%nat with j by lia. unfold blanked.
    now replace (Nat.leb j n) with true by (symmetry; apply Nat.leb_le; lia). }
  unfold lstm_output. change (lstm_start (C10_lstm_weights n eps)) with (lstm_start net). rewrite (rescaled d n eps).
  unfold scaled in Near. cbn [proj1_sig] in Near. fold net. set (h := fst (run (lstm_step d net) _ _ _) 0%nat) in *.
  unfold read. cbn [C10_lstm_weights lstm_out V v0]. rewrite dot_vec. cbn [terms]. decide_units. fold h.
  replace (/ eps * h + 0 + - (tanh (1 / 2) / 2) / eps - x j) with (/ eps * (h - tanh (1 / 2) / 2 - eps * x j)) by (field; lra).
  rewrite Rabs_mult, Rabs_pos_eq by (left; now apply Rinv_0_lt_compat).
  replace (B * eps) with (/ eps * (B * eps ^ 2)) by (field; lra).
  apply Rmult_le_compat_l; [left; now apply Rinv_0_lt_compat|exact Near].
Qed.
