(** The four units of the refreshed memory (C9) in the LSTM, and the soft bit. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

(** * Shares and shown cells *)

Lemma sigmoid_0 : sigmoid 0 = / 2.
Proof. unfold sigmoid. now rewrite Ropp_0, exp_0. Qed.

Lemma sigmoid_rest y : sigmoid y = 1 - sigmoid (- y).
Proof. rewrite sigmoid_opp. ring. Qed.

Lemma sigmoid_share y : 0 <= sigmoid y <= 1.
Proof. pose proof (sigmoid_pos y). pose proof (sigmoid_lt_1 y). lra. Qed.

Lemma tanh_lip a c : Rabs (tanh a - tanh c) <= Rabs (a - c).
Proof.
  destruct (Rle_lt_dec a c) as [L|L].
  - pose proof (tanh_slope a c L). pose proof (tanh_le a c L). rewrite (Rabs_minus_sym a c), (Rabs_minus_sym (tanh a)).
    rewrite !Rabs_pos_eq by lra. lra.
  - pose proof (tanh_slope c a ltac:(lra)). pose proof (tanh_le c a ltac:(lra)). rewrite !Rabs_pos_eq by lra. lra.
Qed.

Definition show (c : R) : R := tanh c / 2.

Lemma show_le a c : a <= c -> show a <= show c.
Proof. intros H. unfold show. pose proof (tanh_le a c H). lra. Qed.

Lemma show_range c : 0 <= c -> 0 <= show c <= c / 2 /\ c / 2 - c ^ 3 / 6 <= show c.
Proof.
  intros H. unfold show. pose proof (tanh_nonneg c H). pose proof (tanh_le_id c H). pose proof (tanh_cube c H). lra.
Qed.

Lemma show_lip a c e : Rabs (a - c) <= e -> Rabs (show a - show c) <= e / 2.
Proof.
  intros H. unfold show. replace (tanh a / 2 - tanh c / 2) with ((tanh a - tanh c) * / 2) by lra.
  rewrite Rabs_mult, (Rabs_pos_eq (/ 2)) by lra. pose proof (tanh_lip a c). lra.
Qed.

Lemma tanh_abs_1 y : Rabs (tanh y) <= 1.
Proof. apply abs_le. pose proof (tanh_bounds y). lra. Qed.

(** A small share of something small. *)
Lemma share_small a b s : 0 <= a <= s -> -1 <= b <= 1 -> - s <= a * b <= s.
Proof. intros A B. nra. Qed.

(** What tanh(gamma - v) falls short of tanh gamma. *)
Lemma tanh_falls g v : 0 <= v <= g -> tanh g - v <= tanh (g - v) <= tanh g - v * (1 - g ^ 2).
Proof.
  intros H. split; [pose proof (tanh_slope (g - v) g ltac:(lra)); lra|].
  pose proof (grows (fun y => tanh y - y * (1 - tanh g * tanh g)) (fun y => tanh g * tanh g - tanh y * tanh y) (g - v) g
    ltac:(lra)) as Gr. cbv beta in Gr.
  assert (E : tanh (g - v) - (g - v) * (1 - tanh g * tanh g) <= tanh g - g * (1 - tanh g * tanh g)).
  { apply Gr.
    - intros y _. pose proof (is_derive_tanh y) as T.
      evar_last; [apply (is_derive_minus tanh (fun y => y * (1 - tanh g * tanh g))); [exact T|auto_derive; trivial]|].
      unfold minus, plus, opp; simpl. ring.
    - intros y Hy. pose proof (tanh_nonneg y ltac:(lra)). pose proof (tanh_le y g ltac:(lra)). nra. }
  pose proof (tanh_le_id g ltac:(lra)). pose proof (tanh_nonneg g ltac:(lra)).
  assert (tanh g * tanh g <= g ^ 2) by nra. nra.
Qed.

(** * The soft bit: whatever share of it is taken, the residual R = A - y stays between -lo and a bound that follows the bit *)

Lemma soft_bit R e v b beta z t lo hi hi' cub : 0 <= beta <= 1 -> 0 <= t -> 0 <= e <= cub -> 0 <= b <= v -> 2 * z <= b ->
  (R + e <= v -> beta <= / 2) -> (v <= R + e -> / 2 <= beta) -> (R + e <= v - z -> beta <= t) -> (v + z <= R + e -> 1 - t <=
    beta) ->
  cub <= lo -> - lo <= R <= hi -> v <= hi' -> hi - b + t * b <= hi' ->
  - lo - t * b <= R - beta * b <= hi'.
Proof.
  intros Hbeta Ht He Hb Hz Half1 Half2 Low High Cub HR Hv Hhi.
  assert (TB : 0 <= t * b) by nra. split.
  - destruct (Rle_lt_dec v (R + e)) as [A|A]; [nra|].
    destruct (Rle_lt_dec (R + e) (v - z)) as [L|L].
    + specialize (Low L). nra.
    + specialize (Half1 ltac:(lra)). nra.
  - destruct (Rle_lt_dec (R + e) v) as [A|A]; [nra|].
    destruct (Rle_lt_dec (v + z) (R + e)) as [L|L].
    + specialize (High L). nra.
    + specialize (Half2 ltac:(lra)). nra.
Qed.

(** * The four units *)

Record cells := Cells { cap : R; hold : R; acc : R; clk : R }.

Definition value (m : cells) : R := show (cap m) + show (hold m).

Section units.
Variables (M gamma w G : R).

(** What gates shut out, by the clock's cell. *)
Definition lost (c : R) : R := sigmoid (G * (3 / 4 * w - show c)).
Definition admitted (c : R) : R := sigmoid (G * (w / 4 - show c)).
Definition kept (c : R) : R := sigmoid (G * (3 / 8 * gamma - show c)).
Definition taken (m : cells) : R := sigmoid (G * (value m - show (acc m) - show (clk m))).
Definition entry (x : R) : R := gamma / (8 * M) * x + (3 / 16 * gamma + w).

Definition next (m : cells) (x : R) : cells := {|
  cap := (1 - lost (clk m)) * cap m + admitted (clk m) * tanh (entry x);
  hold := (1 - lost (clk m)) * hold m + lost (clk m) * tanh (2 * show (acc m) + 2 * show (clk m));
  acc := kept (clk m) * acc m + taken m * tanh (2 * show (clk m));
  clk := clk m / 2 + lost (clk m) * tanh (gamma - show (clk m)) |}.

Definition shows (s : vector * vector) (m : cells) : Prop :=
  (snd s 0%nat = cap m /\ snd s 1%nat = hold m /\ snd s 2%nat = acc m /\ snd s 3%nat = clk m) /\
  (fst s 0%nat = show (cap m) /\ fst s 1%nat = show (hold m) /\ fst s 2%nat = show (acc m) /\ fst s 3%nat = show (clk m)).

Lemma shows_next d s m x : (4 <= d)%nat -> shows s m -> shows (lstm_step d (C9_weights M gamma w G) s x) (next m x).
Proof.
  intros Hd ((C0 & C1 & C2 & C3) & H0 & H1 & H2 & H3). destruct s as [h c]. cbn [fst snd] in *.
  assert (Kept : forall y, sigmoid (- (G * (3 / 4 * w - y))) = 1 - sigmoid (G * (3 / 4 * w - y))) by (intros; apply sigmoid_opp).
  unfold shows, lstm_step, C9_weights, no_weights; cbn [lstm_f lstm_i lstm_o lstm_g fst snd]; weights.
  rewrite H0, H1, H2, H3, C0, C1, C2, C3, sigmoid_0.
  assert (E0 : sigmoid (G * show (clk m) + - (3 / 4) * G * w) = 1 - lost (clk m))
    by (unfold lost; rewrite <- Kept; f_equal; field).
  assert (E1 : sigmoid (- G * show (clk m) + G * w / 4) = admitted (clk m)) by (unfold admitted; f_equal; field).
  assert (E2 : sigmoid (- G * show (clk m) + 3 / 4 * G * w) = lost (clk m)) by (unfold lost; f_equal; field).
  assert (E3 : sigmoid (- G * show (clk m) + 3 / 8 * G * gamma) = kept (clk m)) by (unfold kept; f_equal; field).
  assert (E4 : sigmoid (G * show (cap m) + (G * show (hold m) + (- G * show (acc m) + - G * show (clk m)))) = taken m)
    by (unfold taken, value; f_equal; ring).
  assert (E5 : / 2 * clk m + lost (clk m) * tanh (-1 * show (clk m) + gamma) = clk m / 2 + lost (clk m) * tanh (gamma - show (clk
    m)))
    by (rewrite (Rplus_comm (-1 * _)); replace (gamma + -1 * show (clk m)) with (gamma - show (clk m)) by ring; field).
  rewrite E0, E1, E2, E3, E4, E5. unfold next, entry; cbn [cap hold acc clk]. unfold show at 3 5 8 11.
  repeat split; try reflexivity; unfold show; field.
Qed.
End units.
