(** C10, the LSTM at given numbers: how far a line with rational weights is from moving every slot on. *)

From Coq Require Import Reals List ZArith Lra Lia Psatz FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis tame c10 c10_lstm listed copies.
Import ListNotations.
Open Scope R_scope.

(** * tanh and the logistic function are near their tangents *)

Lemma d_tanh u z : is_derive (fun t => tanh (u + t)) z (1 - tanh (u + z) * tanh (u + z)).
Proof.
  apply (d_value _ _ ((0 + 1) * (1 - tanh (u + z) * tanh (u + z)))); [|ring].
  apply (d_comp tanh (fun t => u + t)); [apply is_derive_tanh|]. apply (d_plus (fun _ => u) (fun t => t)); [apply d_const|].
  apply @is_derive_id.
Qed.

Lemma slope_falls u t : 0 <= t -> Rabs ((1 - tanh (u + t) * tanh (u + t)) - (1 - tanh u * tanh u)) <= 4 / 5 * t.
Proof.
  intros Ht. set (f := fun c t => t * (4 / 5) + c * (1 - tanh (u + t) * tanh (u + t))).
  set (f' := fun c t => 4 / 5 + c * (0 - ((1 - tanh (u + t) * tanh (u + t)) * tanh (u + t) +
    tanh (u + t) * (1 - tanh (u + t) * tanh (u + t))))).
  assert (G : forall c, c = 1 \/ c = -1 -> f c 0 <= f c t).
  { intros c Hc. apply (grows (f c) (f' c) 0 t Ht); intros z _.
    - apply d_plus; [apply d_multiple|]. apply d_scale. apply d_minus; [apply d_const|].
      apply (d_mult (fun t => tanh (u + t)) (fun t => tanh (u + t))); apply d_tanh.
    - unfold f'. pose proof (tanh_bounds (u + z)). set (q := tanh (u + z)) in *. clearbody q.
      assert (0 <= (q - 577 / 1000) ^ 2 * (q + 1154 / 1000)) by (apply Rmult_le_pos; [apply pow2_ge_0|lra]).
      assert (0 <= (q + 577 / 1000) ^ 2 * (1154 / 1000 - q)) by (apply Rmult_le_pos; [apply pow2_ge_0|lra]).
      destruct Hc as [-> | ->]; lra. }
  pose proof (G 1 (or_introl eq_refl)) as G1. pose proof (G (-1) (or_intror eq_refl)) as G2. unfold f in G1, G2.
  rewrite Rplus_0_r in G1, G2. apply abs_le. lra.
Qed.

Lemma tangent_right u t : 0 <= t -> Rabs (tanh (u + t) - tanh u - (1 - tanh u * tanh u) * t) <= 2 / 5 * t ^ 2.
Proof.
  intros Ht. set (k := 1 - tanh u * tanh u). set (f := fun c t => 2 / 5 * (t * t) + c * (tanh (u + t) - t * k)).
  set (f' := fun c t => 2 / 5 * (1 * t + t * 1) + c * ((1 - tanh (u + t) * tanh (u + t)) - k)).
  assert (G : forall c, c = 1 \/ c = -1 -> f c 0 <= f c t).
  { intros c Hc. apply (grows (f c) (f' c) 0 t Ht); intros z Hz.
    - apply d_plus; apply d_scale; [apply (d_mult (fun t => t) (fun t => t)); apply @is_derive_id|].
      apply d_minus; [apply d_tanh|apply d_multiple].
    - pose proof (slope_falls u z ltac:(lra)) as S. fold k in S. apply abs_le_inv in S. unfold f'.
      destruct Hc as [-> | ->]; lra. }
  pose proof (G 1 (or_introl eq_refl)) as G1. pose proof (G (-1) (or_intror eq_refl)) as G2. unfold f in G1, G2.
  rewrite Rplus_0_r in G1, G2. apply abs_le. lra.
Qed.

Lemma tanh_tangent u t : Rabs (tanh (u + t) - tanh u - (1 - tanh u * tanh u) * t) <= 2 / 5 * t ^ 2.
Proof.
  destruct (Rle_lt_dec 0 t) as [H|H]; [now apply tangent_right|].
  pose proof (tangent_right (- u) (- t) ltac:(lra)) as T. replace (- u + - t) with (- (u + t)) in T by ring.
  rewrite !tanh_odd in T. apply abs_le_inv in T. apply abs_le. lra.
Qed.

Lemma sigmoid_tangent z e : Rabs z <= e -> Rabs (sigmoid z - 1 / 2 - z / 4) <= e ^ 3 / 48.
Proof.
  intros He. assert (E : sigmoid z - 1 / 2 - z / 4 = (tanh (z / 2) - z / 2) / 2).
  { replace z with (2 * (z / 2)) at 1 by field. rewrite sigmoid_tanh. field. }
  assert (C : forall y, 0 <= y <= e / 2 -> Rabs (tanh y - y) <= e ^ 3 / 24).
  { intros y Hy. pose proof (tanh_cube y ltac:(lra)). pose proof (tanh_le_id y ltac:(lra)).
    assert (y ^ 3 <= (e / 2) ^ 3) by (apply pow_incr; lra). apply abs_le. split; nra. }
  rewrite E. apply abs_le_inv in He. destruct (Rle_lt_dec 0 z) as [H|H].
  - specialize (C (z / 2) ltac:(lra)). apply abs_le_inv in C. apply abs_le. lra.
  - specialize (C (- (z / 2)) ltac:(lra)). rewrite tanh_odd in C. apply abs_le_inv in C. apply abs_le. lra.
Qed.

(** * One unit, one step *)

(** rest, s, p, r are near artanh(1/2), tanh(1/2)/2, 32/(3(1 - tanh(1/2)^2)) and 8/tanh(1/2). *)
Definition near (rest s p r mu : R) : Prop :=
  Rabs (tanh rest - 1 / 2) <= mu /\ Rabs (tanh (1 / 2) / 2 - s) <= mu /\
  Rabs (1 - tanh (1 / 2) * tanh (1 / 2) - 32 / (3 * p)) <= mu /\ Rabs (tanh (1 / 2) - 8 / r) <= mu.

(** Slots of at most B: how far the candidate, the cell and the output gate move, and what two slots are off by after a step. *)
Definition reach (p B : R) : R := 5 / 4 * p * B.
Definition bend (p B mu : R) : R := 4 / (3 * p) * (mu + 3 / 2 * mu * reach p B + 2 / 5 * reach p B ^ 2).
Definition lift (p B mu : R) : R := (3 / 2 * B + bend p B mu) * (3 * p / 8).
Definition slip (p r B mu : R) : R :=
  mu + mu * lift p B mu / 2 + r / 4 * mu * B +
  r * B / 4 * ((32 / (3 * p) + mu) * lift p B mu + 2 / 5 * lift p B mu ^ 2) + lift p B mu ^ 2 / 5 + (r * B) ^ 3 / 48.

Lemma product a c x y : Rabs a <= x -> Rabs c <= y -> Rabs (a * c) <= x * y.
Proof. intros. rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. Qed.

Lemma added a c x y : Rabs a <= x -> Rabs c <= y -> Rabs (a + c) <= x + y.
Proof. intros. eapply Rle_trans; [apply Rabs_triang|]. lra. Qed.

Section step.
Variables (rest s p r B mu : R).
Hypotheses (Hp : 0 < p) (Hr : 0 < r) (HB : 0 <= B) (Hmu : 0 <= mu) (Near : near rest s p r mu).

Lemma sizes : 0 <= reach p B /\ 0 <= bend p B mu /\ 0 <= lift p B mu /\ 0 <= slip p r B mu.
Proof.
  assert (R0 : 0 <= reach p B) by (unfold reach; nra). assert (Ip : 0 < / p) by now apply Rinv_0_lt_compat.
  assert (B0 : 0 <= bend p B mu).
  { unfold bend. replace (4 / (3 * p)) with (4 / 3 * / p) by (field; lra). pose proof (pow2_ge_0 (reach p B)).
    apply Rmult_le_pos; [lra|]. assert (0 <= mu * reach p B) by now apply Rmult_le_pos. lra. }
  assert (L0 : 0 <= lift p B mu) by (unfold lift; apply Rmult_le_pos; lra).
  repeat split; try assumption. unfold slip. replace (32 / (3 * p)) with (32 / 3 * / p) by (field; lra).
  assert (0 <= r * B) by (apply Rmult_le_pos; lra). pose proof (pow_le (r * B) 3 ltac:(assumption)).
  pose proof (pow2_ge_0 (lift p B mu)). assert (0 <= mu * lift p B mu) by now apply Rmult_le_pos.
  assert (0 <= r * mu * B) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra).
  assert (0 <= (32 / 3 * / p + mu) * lift p B mu) by (apply Rmult_le_pos; lra).
  assert (0 <= r * B / 4 * ((32 / 3 * / p + mu) * lift p B mu + 2 / 5 * lift p B mu ^ 2)) by (apply Rmult_le_pos; lra). lra.
Qed.

(** a and h - s are what the two slots of the unit hold, y and w what comes into them. *)
Lemma one_unit h c y w : let a := 8 / (3 * p) * (c - 1 / 2) - (h - s) / 2 in
  let c' := 1 / 2 * c + 1 / 2 * tanh (rest + p * (y - (h - s) / 4 + w / 2)) in let h' := sigmoid (- (r * y)) * tanh c' in
  Rabs (h - s) <= B -> Rabs a <= B -> Rabs y <= B -> Rabs (y + w / 2) <= B ->
  Rabs (h' - s - (a + w)) <= 2 * bend p B mu + slip p r B mu /\
  Rabs (8 / (3 * p) * (c' - 1 / 2) - (h' - s) / 2 - y) <= slip p r B mu / 2.
Proof.
  intros a c' h' Hh Ha Hy Hyw. destruct Near as (N1 & N2 & N3 & N4). destruct sizes as (R0 & B0 & L0 & S0).
  set (z := p * (y - (h - s) / 4 + w / 2)) in *. set (T := tanh rest) in *. set (S := tanh (1 / 2)) in *.
  set (q := tanh (rest + z) - T - (1 - T * T) * z).
  assert (Z : Rabs z <= reach p B).
  { unfold z, reach. replace (5 / 4 * p * B) with (p * (B + B / 4)) by field. apply product; [rewrite Rabs_pos_eq; lra|].
    replace (y - (h - s) / 4 + w / 2) with ((y + w / 2) + - ((h - s) / 4)) by ring. apply added; [exact Hyw|].
    rewrite Rabs_Ropp. apply abs_le_inv in Hh. apply abs_le. lra. }
  assert (Q : Rabs q <= 2 / 5 * reach p B ^ 2).
  { unfold q, T. eapply Rle_trans; [apply tanh_tangent|]. rewrite <- (pow2_abs z). apply Rmult_le_compat_l; [lra|].
    apply pow_incr. split; [apply Rabs_pos|exact Z]. }
  set (bent := 4 / (3 * p) * ((T - 1 / 2) + (1 / 4 - T * T) * z + q)).
  assert (Bent : Rabs bent <= bend p B mu).
  { unfold bent, bend. apply product; [rewrite Rabs_pos_eq; [lra|]; left; apply Rdiv_lt_0_compat; lra|].
    apply added; [|exact Q]. apply added; [exact N1|]. apply product; [|exact Z].
    replace (1 / 4 - T * T) with ((- (T + 1 / 2)) * (T - 1 / 2)) by field. apply product; [|exact N1].
    pose proof (tanh_bounds rest). fold T in H. apply abs_le. lra. }
  set (v := c' - 1 / 2). assert (Moved : 8 / (3 * p) * v = a / 2 + y + w / 2 + bent).
  { unfold v, c'. replace (tanh (rest + z)) with (T + (1 - T * T) * z + q) by (unfold q; ring). unfold bent, a, z. field. lra. }
  assert (Vs : Rabs v <= lift p B mu).
  { replace v with ((8 / (3 * p) * v) * (3 * p / 8)) by (field; lra). unfold lift. apply product; [|rewrite Rabs_pos_eq; lra].
    rewrite Moved. apply added; [|exact Bent]. apply abs_le_inv in Ha, Hyw. apply abs_le. lra. }
  set (q2 := tanh c' - S - (1 - S * S) * v).
  assert (Q2 : Rabs q2 <= 2 / 5 * lift p B mu ^ 2).
  { unfold q2. replace c' with (1 / 2 + v) by (unfold v; ring). eapply Rle_trans; [apply tanh_tangent|].
    rewrite <- (pow2_abs v). apply Rmult_le_compat_l; [lra|]. apply pow_incr. split; [apply Rabs_pos|exact Vs]. }
  set (q3 := sigmoid (- (r * y)) - 1 / 2 - - (r * y) / 4).
  assert (Ry : Rabs (- (r * y)) <= r * B) by (rewrite Rabs_Ropp; apply product; [rewrite Rabs_pos_eq; lra|exact Hy]).
  assert (Q3 : Rabs q3 <= (r * B) ^ 3 / 48) by now apply sigmoid_tangent.
  set (slipped := (S / 2 - s) + (1 - S * S - 32 / (3 * p)) * v / 2 + - ((r / 4 * (S - 8 / r)) * y) +
    - (r * y) / 4 * ((1 - S * S) * v + q2) + q2 / 2 + q3 * tanh c').
  assert (Slipped : Rabs slipped <= slip p r B mu).
  { unfold slipped, slip. apply added.
    2:{ replace ((r * B) ^ 3 / 48) with ((r * B) ^ 3 / 48 * 1) by ring. apply product; [exact Q3|].
      pose proof (tanh_bounds c'). apply abs_le. lra. }
    apply added.
    2:{ apply abs_le_inv in Q2. apply abs_le. lra. }
    apply added.
    2:{ apply product; [apply abs_le_inv in Ry; apply abs_le; lra|]. apply added; [|exact Q2]. apply product; [|exact Vs].
      pose proof (tanh_bounds (1 / 2)). fold S in H. apply abs_le_inv in N3. apply abs_le. split; [|lra].
      assert (0 < 32 / (3 * p)) by (apply Rdiv_lt_0_compat; lra). nra. }
    apply added.
    2:{ rewrite Rabs_Ropp. apply product; [|exact Hy]. apply product; [rewrite Rabs_pos_eq; lra|exact N4]. }
    apply added; [exact N2|]. replace (mu * lift p B mu / 2) with (mu * lift p B mu * / 2) by field.
    unfold Rdiv at 2. apply product; [now apply product|rewrite Rabs_pos_eq; lra]. }
  assert (Shown : h' - s - (a + w) = 2 * bent + slipped).
  { unfold h'. replace (sigmoid (- (r * y))) with (1 / 2 - r * y / 4 + q3) by (unfold q3; field).
    assert (F : (1 / 2 - r * y / 4 + q3) * tanh c' = S / 2 - r * y / 4 * S + (1 - S * S) * v / 2 +
      - (r * y) / 4 * ((1 - S * S) * v + q2) + q2 / 2 + q3 * tanh c') by (unfold q2; field).
    rewrite F. unfold slipped. replace bent with (8 / (3 * p) * v - (a / 2 + y + w / 2)) by (rewrite Moved; ring).
    field. split; lra. }
  split.
  - rewrite Shown. apply added; [|exact Slipped]. apply product; [rewrite Rabs_pos_eq; lra|exact Bent].
  - fold v. replace (8 / (3 * p) * v - (h' - s) / 2 - y) with (- (slipped / 2)).
    + rewrite Rabs_Ropp. apply abs_le_inv in Slipped. apply abs_le. lra.
    + replace (h' - s) with (a + w + (2 * bent + slipped)) by lra. rewrite Moved. field.
Qed.
End step.

(** * The line: m units, 2m slots or one less *)

Definition listed_line (even : bool) (m : nat) (rest s p r eps : R) : lstm := {|
  lstm_f := no_weights;
  lstm_i := no_weights;
  lstm_o := {|
    W := mat (map (fun k => (k, S k, - r)) (seq 0 (m - 1)));
    U := vec (if even then [(m - 1) |-> - (eps * r)] else []);
    b := vec (map (fun k => (k, r * s)) (seq 0 (m - 1))) |};
  lstm_g := {|
    W := mat (flat_map (fun k => map (entry k) (if Nat.leb (k + 2) m then [k |-> - (p / 4); S k |-> p] else [k |-> - (p / 4)]))
      (seq 0 m));
    U := vec [(m - 1) |-> eps * (if even then p else p / 2)];
    b := vec (map (fun k => (k, rest - s * (if Nat.leb (k + 2) m then p - p / 4 else - (p / 4)))) (seq 0 m)) |};
  lstm_start := (vec (map (fun k => (k, s)) (seq 0 m)), vec (map (fun k => (k, 1 / 2)) (seq 0 m)));
  lstm_out := {| V := vec [0 |-> / eps]; v0 := - (s / eps) |} |}.

Section line.
Variables (even : bool) (d m n : nat) (rest s p r eps M B mu : R) (x : sequence).
Hypotheses (Hm : (1 <= m <= d)%nat) (En : n = if even then (2 * m)%nat else (2 * m - 1)%nat).
Hypotheses (Hp : 0 < p) (Hr : 0 < r) (He : 0 < eps) (HM : 0 < M) (Hmu : 0 <= mu) (Near : near rest s p r mu) (Hx : box M x).

Notation net := (listed_line even m rest s p r eps).
Notation state t := (run (lstm_step d net) (lstm_start net) x t).
Notation slot := (slot n x).

Definition into_a (h : vector) (y : R) (k : nat) : R := if Nat.leb (k + 2) m then h (S k) - s else if even then eps * y else 0.
Definition into_h (y : R) (k : nat) : R := if Nat.leb (k + 2) m then 0 else if even then 0 else eps * y.

Lemma line_c st y k : (k < m)%nat -> snd (lstm_step d net st y) k =
  1 / 2 * snd st k + 1 / 2 * tanh (rest + p * (into_a (fst st) y k - (fst st k - s) / 4 + into_h y k / 2)).
Proof.
  intros Hk. rewrite lstm_cell. cbn [listed_line lstm_f lstm_i lstm_g].
  assert (Z : sigmoid (affine d no_weights (fst st) y k) = 1 / 2).
  { rewrite <- sigmoid_0. f_equal. unfold affine, no_weights; cbn [W U b vec]. rewrite dot_mat. cbn [row terms]. ring. }
  rewrite Z. do 3 f_equal. unfold affine; cbn [W U b vec]. rewrite rows_listed, vec_all.
  replace (Nat.leb 0 k && Nat.ltb k (0 + m))%bool with true
    by (destruct (Nat.leb_spec 0 k), (Nat.ltb_spec k (0 + m)); lia || reflexivity).
  replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt). unfold into_a, into_h.
  replace (fun j => vec (if (k + 2 <=? m)%nat then [k |-> - (p / 4); S k |-> p] else [k |-> - (p / 4)]) j) with
    (vec (if (k + 2 <=? m)%nat then [k |-> - (p / 4); S k |-> p] else [k |-> - (p / 4)])) by reflexivity.
  rewrite dot_vec. destruct (Nat.leb_spec (k + 2) m) as [L|L]; cbn [terms]; decide_units.
  - replace (Nat.eqb k (m - 1)) with false by (symmetry; apply Nat.eqb_neq; lia). field.
  - replace (Nat.eqb k (m - 1)) with true by (symmetry; apply Nat.eqb_eq; lia). destruct even; field.
Qed.

Lemma line_h st y k : (k < m)%nat -> fst (lstm_step d net st y) k =
  sigmoid (- (r * into_a (fst st) y k)) * tanh (snd (lstm_step d net st y) k).
Proof.
  intros Hk. rewrite lstm_hidden. f_equal. cbn [listed_line lstm_o]. f_equal.
  unfold affine; cbn [W U b vec]. rewrite next_listed, next_slot, vec_all by lia. unfold into_a.
  destruct (Nat.leb_spec (k + 2) m) as [L|L].
  - replace (Nat.ltb (S k) m) with true by (symmetry; apply Nat.ltb_lt; lia).
    replace (Nat.ltb k (m - 1)) with true by (symmetry; apply Nat.ltb_lt; lia).
    destruct even; cbn [vec]; [|ring]. replace (Nat.eqb k (m - 1)) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
  - replace (Nat.ltb (S k) m) with false by (symmetry; apply Nat.ltb_ge; lia).
    replace (Nat.ltb k (m - 1)) with false by (symmetry; apply Nat.ltb_ge; lia).
    destruct even; cbn [vec]; [|ring]. replace (Nat.eqb k (m - 1)) with true by (symmetry; apply Nat.eqb_eq; lia). ring.
Qed.

Notation e_h := (2 * bend p B mu + slip p r B mu).
Notation e_a := (slip p r B mu / 2).

Hypotheses (B0 : 0 <= B) (HB : eps * M + INR m * (e_h + e_a) <= B).

Lemma slot_bound t q : Rabs (eps * slot t q) <= eps * M.
Proof.
  apply product; [rewrite Rabs_pos_eq; lra|]. unfold c10_lstm.slot. destruct (Nat.ltb q n && Nat.leb n (t + q))%bool; [apply Hx|].
  rewrite Rabs_R0. lra.
Qed.

Lemma between a c e f : Rabs (a - c) <= e -> Rabs c <= f -> Rabs a <= f + e.
Proof. intros A C. replace a with (c + (a - c)) by ring. now apply added. Qed.

Lemma moved_on t : forall k, (k < m)%nat ->
  Rabs (fst (state t) k - s - eps * slot t (2 * k)) <= INR (m - k) * (e_h + e_a) /\
  Rabs (8 / (3 * p) * (snd (state t) k - 1 / 2) - (fst (state t) k - s) / 2 - eps * slot t (2 * k + 1)) <=
    INR (m - k) * e_a + INR (m - k - 1) * e_h.
Proof.
  destruct (sizes p r B mu Hp Hr B0 Hmu) as (_ & P1 & _ & P2). assert (Hn : (1 <= n <= 2 * d)%nat) by (destruct even; lia).
  induction t as [|t IH]; intros k Hk.
  - cbn [run listed_line lstm_start fst snd]. rewrite !vec_all, !(slot_empty d n Hn).
    replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
    replace (s - s - eps * 0) with 0 by ring. replace (8 / (3 * p) * (1 / 2 - 1 / 2) - (s - s) / 2 - eps * 0) with 0 by (field; lra).
    rewrite Rabs_R0. pose proof (pos_INR (m - k)). pose proof (pos_INR (m - k - 1)). split; [nra|].
    assert (0 <= INR (m - k) * e_a) by (apply Rmult_le_pos; lra). assert (0 <= INR (m - k - 1) * e_h) by (apply Rmult_le_pos; lra). lra.
  - set (st := state t) in *. set (y := x (S t)). rewrite !run_S. fold st. fold y.
    assert (Sizes : forall i, (i < m)%nat -> Rabs (fst st i - s) <= B /\
      Rabs (8 / (3 * p) * (snd st i - 1 / 2) - (fst st i - s) / 2) <= B).
    { intros i Hi. destruct (IH i Hi) as [IHh IHa].
      assert (L : INR (m - i) <= INR m) by (apply le_INR; lia). assert (L' : INR (m - i - 1) <= INR m) by (apply le_INR; lia).
      pose proof (Rmult_le_compat_r (e_h + e_a) _ _ ltac:(lra) L). pose proof (Rmult_le_compat_r e_a _ _ ltac:(lra) L).
      pose proof (Rmult_le_compat_r e_h _ _ ltac:(lra) L').
      split; [eapply Rle_trans; [apply (between _ _ _ _ IHh (slot_bound t _))|]|
        eapply Rle_trans; [apply (between _ _ _ _ IHa (slot_bound t _))|]]; lra. }
    assert (My : Rabs (eps * y) <= eps * M) by (apply product; [rewrite Rabs_pos_eq; lra|apply Hx]).
    assert (Room : eps * M <= B) by (pose proof (pos_INR m); assert (0 <= INR m * (e_h + e_a)) by (apply Rmult_le_pos; lra); lra).
    assert (In : Rabs (into_a (fst st) y k) <= B /\ Rabs (into_a (fst st) y k + into_h y k / 2) <= B).
    { assert (Z : Rabs 0 <= B) by (rewrite Rabs_R0; lra).
      assert (E : Rabs (eps * y) <= B) by lra. assert (E2 : Rabs (eps * y / 2) <= B) by (apply abs_le_inv in E; apply abs_le; lra).
      unfold into_a, into_h. destruct (Nat.leb_spec (k + 2) m) as [L|L].
      - destruct (Sizes (S k) ltac:(lia)) as [Hh _]. unfold Rdiv at 1. rewrite Rmult_0_l, Rplus_0_r. now split.
      - destruct even; rewrite ?Rplus_0_l; [|now split]. unfold Rdiv. rewrite Rmult_0_l, Rplus_0_r. now split. }
    destruct In as [In1 In2]. destruct (Sizes k Hk) as [S1 S2].
    destruct (one_unit rest s p r B mu Hp Hr B0 Hmu Near (fst st k) (snd st k) (into_a (fst st) y k) (into_h y k) S1 S2 In1 In2)
      as [U1 U2].
    rewrite <- (line_c st y k Hk), <- (line_h st y k Hk) in U1. rewrite <- (line_c st y k Hk), <- (line_h st y k Hk) in U2.
    set (h' := fst (lstm_step d net st y) k) in *. set (c' := snd (lstm_step d net st y) k) in *.
    destruct (IH k Hk) as [IHh IHa]. set (a := 8 / (3 * p) * (snd st k - 1 / 2) - (fst st k - s) / 2) in *.
    rewrite !(slot_moves d n Hn). fold y. assert (Ik : INR (m - k) = INR (m - k - 1) + 1) by (rewrite <- S_INR; f_equal; lia).
    assert (Beyond : forall q, (n <= q)%nat -> slot t q = 0).
    { intros q Hq. unfold c10_lstm.slot. now replace (Nat.ltb q n) with false by (symmetry; apply Nat.ltb_ge; lia). }
    replace (S (2 * k)) with (2 * k + 1)%nat by lia. replace (S (2 * k + 1)) with (2 * S k)%nat by lia.
    unfold into_a, into_h in U1, U2. destruct (Nat.leb_spec (k + 2) m) as [L|L].
    + replace (Nat.eqb (2 * k + 1) n) with false by (symmetry; apply Nat.eqb_neq; destruct even; lia).
      replace (Nat.eqb (2 * S k) n) with false by (symmetry; apply Nat.eqb_neq; destruct even; lia).
      destruct (IH (S k) ltac:(lia)) as [IHn _]. replace (m - S k)%nat with (m - k - 1)%nat in IHn by lia. rewrite Ik.
      apply abs_le_inv in U1, U2, IHa, IHn. rewrite Ik in IHa. split; apply abs_le; lra.
    + replace (m - k - 1)%nat with O in * by lia. simpl (INR 0) in *. rewrite Ik in *.
      apply abs_le_inv in IHa. destruct even.
      * replace (Nat.eqb (2 * k + 1) n) with false by (symmetry; apply Nat.eqb_neq; lia).
        replace (Nat.eqb (2 * S k) n) with true by (symmetry; apply Nat.eqb_eq; lia).
        apply abs_le_inv in U1, U2. split; apply abs_le; lra.
      * replace (Nat.eqb (2 * k + 1) n) with true by (symmetry; apply Nat.eqb_eq; lia).
        replace (Nat.eqb (2 * S k) n) with false by (symmetry; apply Nat.eqb_neq; lia).
        rewrite (Beyond (2 * k + 1)%nat) in IHa by lia. rewrite (Beyond (2 * S k)%nat) by lia.
        apply abs_le_inv in U1, U2. split; apply abs_le; lra.
Qed.
End line.

(** The line as certificates write it, every number that stands in it given: the same numbers at the same places. *)
Definition written_line (even : bool) (m : nat) (s own p away cancels onward last u_g u_o v offset : R) : lstm := {|
  lstm_f := no_weights;
  lstm_i := no_weights;
  lstm_o := {|
    W := mat (map (fun k => (k, S k, away)) (seq 0 (m - 1)));
    U := vec (if even then [(m - 1) |-> u_o] else []);
    b := vec (map (fun k => (k, cancels)) (seq 0 (m - 1))) |};
  lstm_g := {|
    W := mat (flat_map (fun k => map (entry k) (if Nat.leb (k + 2) m then [k |-> own; S k |-> p] else [k |-> own])) (seq 0 m));
    U := vec [(m - 1) |-> u_g];
    b := vec (map (fun k => (k, if Nat.leb (k + 2) m then onward else last)) (seq 0 m)) |};
  lstm_start := (vec (map (fun k => (k, s)) (seq 0 m)), vec (map (fun k => (k, 1 / 2)) (seq 0 m)));
  lstm_out := {| V := vec [0 |-> v]; v0 := offset |} |}.

Lemma line_written (even : bool) m rest s p r eps own away cancels onward last u_g u_o v offset :
  (own = - (p / 4) /\ away = - r /\ cancels = r * s /\ onward = rest - s * (p - p / 4) /\ last = rest - s * - (p / 4)) /\
  (u_g = eps * (if even then p else p / 2) /\ u_o = - (eps * r) /\ v = / eps /\ offset = - (s / eps)) ->
  written_line even m s own p away cancels onward last u_g u_o v offset = listed_line even m rest s p r eps.
Proof.
  intros ((-> & -> & -> & -> & ->) & (-> & -> & -> & ->)). unfold written_line, listed_line. do 3 f_equal.
  apply map_ext. intros k. now destruct (Nat.leb (k + 2) m).
Qed.

(** The condition of a certificate's file, between rational numbers; B is what no slot exceeds. *)
Theorem lstm_copy_certified (even : bool) d m n rest s p r eps M B mu tol :
  (1 <= m <= d)%nat -> n = (if even then (2 * m)%nat else (2 * m - 1)%nat) ->
  0 < p -> 0 < r -> 0 < eps -> 0 < M -> 0 <= mu -> 0 <= B -> near rest s p r mu ->
  eps * M + IZR (Z.of_nat m) * (2 * bend p B mu + 3 / 2 * slip p r B mu) <= B ->
  IZR (Z.of_nat m) * (2 * bend p B mu + 3 / 2 * slip p r B mu) <= tol * eps ->
  copies tol M n (lstm_output d (listed_line even m rest s p r eps)).
Proof.
  intros Hm En Hp Hr He HM Hmu B0 Near HB Tol x j Hx Hj. rewrite <- (INR_IZR_INZ m) in HB, Tol.
  assert (Hb : box M (blanked n x)).
  { intros t. unfold blanked. destruct (Nat.leb t n); [apply Hx|rewrite Rabs_R0; lra]. }
  destruct (moved_on even d m n rest s p r eps M B mu (blanked n x) Hm En Hp Hr He HM Hmu Near Hb B0 ltac:(lra) (n + j - 1) 0%nat
    ltac:(lia)) as [Moved _]. rewrite Nat.mul_0_r, Nat.sub_0_r in Moved.
  replace (slot n (blanked n x) (n + j - 1) 0) with (x j) in Moved.
  2:{ unfold slot. replace (Nat.ltb 0 n) with true by (symmetry; apply Nat.ltb_lt; lia).
    replace (Nat.leb n (n + j - 1 + 0)) with true by (symmetry; apply Nat.leb_le; lia). cbn [andb].
    replace (n + j - 1 + 0 + 1 - n)%nat with j by lia. unfold blanked.
    now replace (Nat.leb j n) with true by (symmetry; apply Nat.leb_le; lia). }
  unfold lstm_output. set (net := listed_line even m rest s p r eps) in *.
  set (h := fst (run (lstm_step d net) (lstm_start net) (blanked n x) (n + j - 1))) in *. unfold read, net.
  cbn [listed_line lstm_out V v0]. rewrite dot_vec. cbn [terms]. decide_units.
  replace (/ eps * h 0%nat + 0 + - (s / eps) - x j) with (/ eps * (h 0%nat - s - eps * x j)) by (field; lra).
  assert (I0 : 0 < / eps) by now apply Rinv_0_lt_compat. rewrite Rabs_mult, Rabs_pos_eq by lra.
  apply Rmult_le_reg_l with eps; [exact He|]. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  eapply Rle_trans; [exact Moved|]. lra.
Qed.
