(** C9: the refreshed memory in the LSTM recalls its first input for ever. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis refresh.
Open Scope R_scope.

(** * A cycle: clear, B bits, load *)

Lemma run_shift {state : Type} (step : state -> R -> state) a x T k :
  run step a x (T + k) = run step (run step a x T) (fun t => x (T + t)%nat) k.
Proof.
  induction k as [|k IH]; [now rewrite Nat.add_0_r|]. rewrite Nat.add_succ_r. cbn [run]. now rewrite IH, Nat.add_succ_r.
Qed.

Section cycle.
Variables (B : nat) (M gamma w G C D s t z Q : R).
Let u := C9_unit B C.
Let low := C9_low B C D s.
Let off := C9_off B C D s t Q.
Let highest := C9_highest B gamma w C D s t z Q.

Hypotheses (HC : 0 < C) (HD : 0 <= D) (Hs : 0 <= s <= 1).

Local Notation next := (next M gamma w G).

(** 2^-k *)
Definition p (k : nat) : R := / 2 ^ k.

Lemma p_S k : p (S k) = p k / 2.
Proof. unfold p. simpl. assert (2 ^ k <> 0) by (apply pow_nonzero; lra). field. assumption. Qed.

Lemma p_pos k : 0 < p k.
Proof. unfold p. apply Rinv_0_lt_compat, pow_lt. lra. Qed.

Lemma p_le j k : (j <= k)%nat -> p k <= p j.
Proof. intros H. induction H as [|k H IH]; [lra|]. rewrite p_S. pose proof (p_pos k). lra. Qed.

Lemma p_0 : p 0 = 1.
Proof. unfold p. simpl. lra. Qed.

Lemma p_range k : 0 < p k <= 1.
Proof. split; [apply p_pos|]. rewrite <- p_0. apply p_le. lia. Qed.

Lemma unit_p : u = C * p (S B).
Proof. unfold u, C9_unit, p. now replace (B + 1)%nat with (S B) by lia. Qed.

Lemma low_p : low = (C + D) * p (S B) + 2 * s.
Proof. unfold low, C9_low, p. now replace (B + 1)%nat with (S B) by lia. Qed.

Lemma u_pos : 0 < u.
Proof. rewrite unit_p. pose proof (p_pos (S B)). nra. Qed.

Definition clock_in (k : nat) (c : R) : Prop := C * p k <= c <= (C + D) * p k + 2 * s.

Lemma clock_pos k c : clock_in k c -> 0 < c.
Proof. intros [H _]. pose proof (p_pos k). nra. Qed.

Hypotheses (Hgamma : 0 < gamma) (ClockRange : (C + D) / 2 + s <= gamma).

Lemma clock_small k c : clock_in k c -> 0 <= show c <= c / 2 /\ show c <= gamma.
Proof.
  intros H. pose proof (clock_pos k c H). pose proof (show_range c ltac:(lra)). destruct H as [_ H]. pose proof (p_range k).
  assert ((C + D) * p k <= C + D) by nra. lra.
Qed.

Lemma shown_above k c : (k <= B)%nat -> clock_in k c -> tanh (2 * u) / 2 <= show c.
Proof.
  intros Hk [H _]. apply (show_le (2 * u) c). rewrite unit_p, p_S. pose proof (p_le k B Hk). nra.
Qed.

Hypotheses (HG : 0 < G) (Lost : sigmoid (G * (3 / 4 * w - tanh (2 * u) / 2)) <= s).

Lemma lost_small k c : (k <= B)%nat -> clock_in k c -> 0 <= lost w G c <= s.
Proof.
  intros Hk H. split; [apply sigmoid_share|]. eapply Rle_trans; [|exact Lost]. apply sigmoid_le.
  pose proof (shown_above k c Hk H). apply Rmult_le_compat_l; lra.
Qed.

Hypothesis (Hw : 0 < w).

Lemma admitted_lost c : admitted w G c <= lost w G c.
Proof. unfold admitted, lost. apply sigmoid_le. apply Rmult_le_compat_l; lra. Qed.

Lemma clock_step k c : (k <= B)%nat -> clock_in k c -> clock_in (S k) (c / 2 + lost w G c * tanh (gamma - show c)).
Proof.
  intros Hk H. pose proof (lost_small k c Hk H) as L. pose proof (clock_small k c H) as [_ V].
  pose proof (tanh_nonneg (gamma - show c) ltac:(lra)) as T0. pose proof (tanh_bounds (gamma - show c)) as T1.
  destruct H as [H1 H2]. unfold clock_in. rewrite p_S. nra.
Qed.

Hypotheses (ClockLow : C <= tanh gamma - s * gamma) (ClockHigh : tanh gamma + low ^ 3 / 6 + low * gamma ^ 2 / 2 <= C + D)
  (Loads : sigmoid (G * (low / 2 - 3 / 4 * w)) <= s).

Lemma clock_load c : clock_in (S B) c -> C <= c / 2 + lost w G c * tanh (gamma - show c) <= C + D.
Proof.
  intros H. pose proof (clock_small _ c H) as [V1 V2]. pose proof (clock_pos _ c H) as Pos.
  pose proof (show_range c ltac:(lra)) as [_ V3]. destruct H as [_ H]. rewrite <- low_p in H.
  pose proof (tanh_falls gamma (show c) ltac:(lra)) as [F1 F2]. pose proof (tanh_le_id gamma ltac:(lra)) as Id.
  pose proof (tanh_nonneg (gamma - show c) ltac:(lra)) as T0.
  assert (L : 1 - s <= lost w G c <= 1).
  { split; [|apply sigmoid_share]. unfold lost. rewrite sigmoid_rest.
    assert (sigmoid (- (G * (3 / 4 * w - show c))) <= s); [|lra]. eapply Rle_trans; [|exact Loads]. apply sigmoid_le.
    assert (G * (show c - 3 / 4 * w) <= G * (low / 2 - 3 / 4 * w)) by (apply Rmult_le_compat_l; lra). lra. }
  set (T := tanh (gamma - show c)) in *. set (g := lost w G c) in *. split.
  - assert ((1 - g) * T <= s * gamma); [|nra]. apply Rmult_le_compat; try lra.
    pose proof (tanh_le (gamma - show c) gamma ltac:(lra)). unfold T. lra.
  - assert (c ^ 3 <= low ^ 3) by (apply pow_incr; lra). assert (0 <= gamma ^ 2) by nra.
    assert (show c * gamma ^ 2 <= low / 2 * gamma ^ 2) by (apply Rmult_le_compat_r; lra).
    assert (g * T <= T) by nra. lra.
Qed.

Hypotheses (Hz : 0 < z) (Bits : 4 * z <= tanh (tanh (2 * u))).

(** The weight of the bit on trial. *)
Definition bit (c : R) : R := tanh (2 * show c) / 2.

Lemma bit_range k c : (k <= B)%nat -> clock_in k c ->
  C * p k / 2 - C ^ 3 * p k ^ 3 / 3 <= bit c /\ bit c <= show c /\ show c <= (C + D) * p k / 2 + s /\ 2 * z <= bit c.
Proof.
  intros Hk H. pose proof (clock_small k c H) as [V _]. pose proof (p_pos k) as P.
  assert (E : 2 * show c = tanh c) by (unfold show; field). unfold bit. rewrite E.
  pose proof (proj1 H) as H1. pose proof (tanh_le _ _ (tanh_le _ _ H1)) as L. pose proof (twice (C * p k) ltac:(nra)) as Tw.
  pose proof (tanh_le _ _ (tanh_le (2 * u) c ltac:(rewrite unit_p, p_S; pose proof (p_le k B Hk); nra))) as U.
  pose proof (tanh_le_id (tanh c) ltac:(lra)). destruct H as [_ H2].
  replace (C ^ 3 * p k ^ 3) with (C * p k * (C * p k) ^ 2) by ring. lra.
Qed.

(** * What adds up over the bits *)

Definition size_of (k : nat) : R := (C + D) * (/ 4 - p k) + s * (INR k - 2).
Definition cubic_of (k : nat) : R := C ^ 3 / 168 * (1 - 64 * p k ^ 3).
Definition clear : R := s * (Q + 3) / 2.
Definition under (k : nat) : R := Q ^ 3 / 6 + t * size_of k + clear + 2 * s * INR k.
Definition grid_of (k : nat) : R :=
  clear + cubic_of k + D * (/ 4 - p k) + t * size_of k + s * (INR k - 2) * (1 + Q / 2).
Definition over (k : nat) : R :=
  C * p k + cubic_of k + D * (/ 4 - p k) + t * size_of k + s * (INR k - 2) * (3 + Q / 2).

Hypotheses (Ht : 0 <= t) (HQ : 0 <= Q).

Definition steps : R := s * (INR B + 1).
Definition load : R := (Q + low) ^ 3 / 3 + u ^ 3 / 6 + D + 4 * s.

Lemma low_pos : 0 < low.
Proof. rewrite low_p. pose proof (p_pos (S B)). assert (0 < (C + D) * p (S B)) by (apply Rmult_lt_0_compat; lra). lra. Qed.

Lemma cube_pos y : 0 <= y -> 0 <= y ^ 3.
Proof. apply pow_le. Qed.

Lemma off_parts : off = Q ^ 3 / 6 + C ^ 3 / 168 + t * ((C + D) / 4 + INR B * s) + D + steps * (Q + 10) - 4 * s + load.
Proof. unfold off, C9_off, load, steps. fold u low. ring. Qed.

Lemma steps_range : s <= steps /\ s * Q <= steps * Q /\ 0 <= steps * Q.
Proof.
  assert (A : 0 <= s * INR B) by (apply Rmult_le_pos; [lra|apply pos_INR]). assert (0 <= s * INR B * Q) by (apply Rmult_le_pos;
    lra).
  assert (0 <= s * Q) by (apply Rmult_le_pos; lra). unfold steps. lra.
Qed.

Lemma load_pos : 0 <= load.
Proof. pose proof (cube_pos (Q + low) ltac:(pose proof low_pos; lra)). pose proof (cube_pos u ltac:(pose proof u_pos; lra)).
  unfold load. lra. Qed.

Lemma size_pos : 0 <= t * ((C + D) / 4 + INR B * s).
Proof. pose proof (pos_INR B). apply Rmult_le_pos; nra. Qed.

Lemma off_pos : 0 <= off /\ 2 * steps <= off.
Proof.
  rewrite off_parts. pose proof load_pos. pose proof size_pos. pose proof steps_range. pose proof (cube_pos Q HQ).
  pose proof (cube_pos C ltac:(lra)). lra.
Qed.

(** Sums up to bit k >= 2; bit 1 is never taken, it is only there to start the clock above every value. *)
Lemma sums k : (2 <= k <= S B)%nat ->
  (0 <= p k <= / 4) /\ (0 <= t * size_of k <= t * ((C + D) / 4 + INR B * s)) /\ (0 <= cubic_of k <= C ^ 3 / 168) /\
  (0 <= D * (/ 4 - p k) <= D / 4) /\ (0 <= s * (INR k - 2) /\ s * INR k <= steps) /\
  (0 <= s * (INR k - 2) * (Q / 2) <= steps * Q / 2) /\ 0 <= clear.
Proof.
  intros Hk. pose proof (p_pos k) as P. pose proof (p_le 2 k ltac:(lia)) as P1. rewrite !p_S, p_0 in P1.
  pose proof (le_INR 2 k ltac:(lia)) as K1. simpl in K1. pose proof (le_INR k (S B) ltac:(lia)) as K2. rewrite S_INR in K2.
  assert (Z1 : 0 <= s * (INR k - 2)) by (apply Rmult_le_pos; lra). assert (Z2 : s * INR k <= steps) by (unfold steps; nra).
  assert (Q3 : 0 <= p k ^ 3 <= / 64).
  { split; [apply pow_le; lra|]. replace (/ 64) with ((/ 4) ^ 3) by field. apply pow_incr. lra. }
  pose proof (cube_pos C ltac:(lra)) as C3. repeat split; try lra.
  - apply Rmult_le_pos; [lra|]. unfold size_of. nra.
  - apply Rmult_le_compat_l; [lra|]. unfold size_of. nra.
  - unfold cubic_of. nra.
  - unfold cubic_of. nra.
  - nra.
  - nra.
  - apply Rmult_le_pos; lra.
  - assert (s * (INR k - 2) <= steps) by nra. nra.
  - unfold clear. nra.
Qed.

Lemma margins k : (2 <= k <= S B)%nat ->
  under k + 2 * steps + load <= off /\ grid_of k + Q ^ 3 / 6 + 2 * steps + load <= off /\
  over k - C * p k + Q ^ 3 / 6 + 2 * steps + load <= off /\ Q ^ 3 / 6 <= under k /\ 0 <= cubic_of k.
Proof.
  intros Hk. destruct (sums k Hk) as (P & T & K & E & S1 & S2 & Cl). pose proof steps_range as (R1 & R2 & R3).
  rewrite off_parts. pose proof (cube_pos Q HQ). pose proof (cube_pos C ltac:(lra)). pose proof (pos_INR k).
  assert (0 <= s * INR k) by (apply Rmult_le_pos; lra).
  unfold under, grid_of, over, clear in *. repeat split; lra.
Qed.

Lemma next_sums k :
  t * size_of (S k) = t * size_of k + t * ((C + D) * p k / 2 + s) /\
  cubic_of (S k) = cubic_of k + C ^ 3 * p k ^ 3 / 3 /\ INR (S k) = INR k + 1.
Proof. unfold size_of, cubic_of. rewrite p_S, S_INR. repeat split; field. Qed.

(** * The state in a cycle *)

Definition fits (m : cells) : Prop := Rabs (cap m) <= 1 /\ Rabs (hold m) <= 1 /\ 0 <= acc m.

Lemma fits_next m x : 0 <= clk m -> fits m -> fits (next m x).
Proof.
  intros Hc (F1 & F2 & F3). pose proof (show_range (clk m) Hc) as [[V _] _].
  pose proof (sigmoid_share (G * (3 / 4 * w - show (clk m)))) as L. fold (lost w G (clk m)) in L.
  pose proof (admitted_lost (clk m)) as A. pose proof (sigmoid_pos (G * (w / 4 - show (clk m)))) as A0.
  fold (admitted w G (clk m)) in A0. pose proof (tanh_bounds (entry M gamma w x)) as T1.
  pose proof (tanh_bounds (2 * show (acc m) + 2 * show (clk m))) as T2.
  apply abs_le_inv in F1. apply abs_le_inv in F2. unfold fits, refresh.next; cbn [cap hold acc].
  set (l := lost w G (clk m)) in *. set (e := tanh (entry M gamma w x)) in *.
  set (r := tanh (2 * show (acc m) + 2 * show (clk m))) in *.
  pose proof (share_small (1 - l) (cap m) (1 - l) ltac:(lra) F1). pose proof (share_small (1 - l) (hold m) (1 - l) ltac:(lra) F2).
  pose proof (share_small (admitted w G (clk m)) e l ltac:(lra) ltac:(lra)). pose proof (share_small l r l ltac:(lra) ltac:(lra)).
  split; [|split].
  - apply abs_le. lra.
  - apply abs_le. lra.
  - apply Rplus_le_le_0_compat; apply Rmult_le_pos; try apply sigmoid_share; try lra. apply tanh_nonneg. lra.
Qed.

(** While gates are shut a value moves by 2s a step. *)
Lemma holds k m x : (k <= B)%nat -> clock_in k (clk m) -> fits m -> Rabs (value (next m x) - value m) <= 2 * s.
Proof.
  intros Hk Hc (F1 & F2 & F3). pose proof (lost_small k _ Hk Hc) as L. pose proof (admitted_lost (clk m)) as A.
  pose proof (sigmoid_pos (G * (w / 4 - show (clk m)))) as A0. fold (admitted w G (clk m)) in A0.
  pose proof (tanh_bounds (entry M gamma w x)) as T1. pose proof (tanh_bounds (2 * show (acc m) + 2 * show (clk m))) as T2.
  apply abs_le_inv in F1. apply abs_le_inv in F2. unfold value, refresh.next; cbn [cap hold].
  set (l := lost w G (clk m)) in *. set (e := tanh (entry M gamma w x)) in *.
  set (r := tanh (2 * show (acc m) + 2 * show (clk m))) in *. set (a := admitted w G (clk m)) in *.
  pose proof (share_small l (cap m) s ltac:(lra) F1). pose proof (share_small l (hold m) s ltac:(lra) F2).
  pose proof (share_small a e s ltac:(lra) ltac:(lra)). pose proof (share_small l r s ltac:(lra) ltac:(lra)).
  pose proof (show_lip ((1 - l) * cap m + a * e) (cap m) (2 * s) ltac:(apply abs_le; lra)) as S1.
  pose proof (show_lip ((1 - l) * hold m + l * r) (hold m) (2 * s) ltac:(apply abs_le; lra)) as S2.
  apply abs_le_inv in S1. apply abs_le_inv in S2. apply abs_le. lra.
Qed.

Definition inside (k : nat) (A0 : R) (m : cells) : Prop :=
  clock_in k (clk m) /\ fits m /\ Rabs (value m - A0) <= 2 * s * INR k /\ - under k <= value m - acc m / 2 <= over k.

(** The bits left of level j are worth r levels. *)
Definition settled (k j : nat) (m : cells) : Prop :=
  exists r, (r < 2 ^ (S B - k))%nat /\ (r <= j)%nat /\ Rabs (acc m / 2 - (INR j - INR r) * u) <= grid_of k.

Definition decided (j : nat) (A0 : R) : Prop := INR j * u + (z + off) <= A0 <= (INR j + 1) * u - (z + off).

Definition ready (m : cells) : Prop := C <= clk m <= C + D /\ fits m /\ acc m <= Q + 1.

Lemma ready_clock m : ready m -> clock_in 0 (clk m).
Proof. intros ([H1 H2] & _). unfold clock_in. rewrite p_0. lra. Qed.

Lemma acc_next m x : acc (next m x) / 2 = kept gamma G (clk m) * (acc m / 2) + taken G m * bit (clk m).
Proof. unfold refresh.next, bit; cbn [acc]. field. Qed.

Lemma powers k : (k <= S B)%nat -> INR (2 ^ (S B - k)) * u = C * p k.
Proof.
  intros Hk. rewrite unit_p, pow_INR. simpl (INR 2). unfold p.
  replace (2 ^ S B) with (2 ^ (S B - k) * 2 ^ k) by (rewrite <- pow_add; f_equal; lia).
  assert (2 ^ (S B - k) <> 0) by (apply pow_nonzero; lra). assert (2 ^ k <> 0) by (apply pow_nonzero; lra).
  replace (1 + 1) with 2 by ring. field. now split.
Qed.

Hypotheses (HB : (1 <= B)%nat).
Hypotheses (Shut : sigmoid (G * (w / 4 - tanh u / 2)) <= s) (Kept : sigmoid (G * ((C + D) / 4 + s - 3 / 8 * gamma)) <= s)
  (Cleared : sigmoid (G * (3 / 8 * gamma - tanh C / 2)) <= s) (Over : sigmoid (G * (highest - tanh C / 2)) <= s)
  (Skip : sigmoid (G * (highest - (C / 4 - C ^ 3 / 24))) <= s) (Narrow : sigmoid (- (G * z)) <= t).
Hypotheses (Highest : highest <= C / 4) (Limit : 2 * (highest + off) <= Q) (Levels : 2 * z + 3 * off <= u / 2).

Lemma cleared m x : ready m -> 0 <= value m -> value m + off <= highest -> let m' := next m x in
  clock_in 1 (clk m') /\ fits m' /\ Rabs (value m' - value m) <= 2 * s /\ acc m' / 2 <= s * (Q + 2) / 2.
Proof.
  intros Hm HA Top. pose proof (ready_clock m Hm) as Hc. destruct Hm as (Range & Fit & Acc).
  pose proof (holds 0 m x ltac:(lia) Hc Fit) as H. pose proof (clock_pos _ _ Hc) as Pos. pose proof (clock_small _ _ Hc) as [V _].
  pose proof (bit_range 0 (clk m) ltac:(lia) Hc) as (_ & B1 & _ & B2). destruct off_pos as [O1 O2].
  assert (V0 : tanh C / 2 <= show (clk m)) by (apply (show_le C); lra).
  pose proof (show_range (acc m) (proj2 (proj2 Fit))) as [[SA _] _].
  assert (K : 0 <= kept gamma G (clk m) <= s).
  { split; [apply sigmoid_share|]. eapply Rle_trans; [|exact Cleared]. apply sigmoid_le, Rmult_le_compat_l; lra. }
  assert (Tk : 0 <= taken G m <= s).
  { split; [apply sigmoid_share|]. eapply Rle_trans; [|exact Over]. apply sigmoid_le, Rmult_le_compat_l; lra. }
  assert (B3 : bit (clk m) <= / 2) by (unfold bit; pose proof (tanh_bounds (2 * show (clk m))); lra).
  split; [exact (clock_step 0 _ ltac:(lia) Hc)|]. split; [apply fits_next; [lra|exact Fit]|]. split; [exact H|].
  rewrite acc_next. destruct Fit as (_ & _ & F3).
  assert (kept gamma G (clk m) * (acc m / 2) <= s * ((Q + 1) / 2)) by (apply Rmult_le_compat; lra).
  assert (taken G m * bit (clk m) <= s * / 2) by (apply Rmult_le_compat; lra). lra.
Qed.

(** Bit 1 is worth more than every value. *)
Lemma skipped m x x' : ready m -> 0 <= value m -> value m + off <= highest -> let m' := next (next m x) x' in
  inside 2 (value m) m' /\ forall j, decided j (value m) -> settled 2 j m'.
Proof.
  intros Hm HA Top. destruct (cleared m x Hm HA Top) as (Hc & Fit & H & Y). set (n := next m x) in *.
  pose proof (holds 1 n x' HB Hc Fit) as H'. pose proof (clock_pos _ _ Hc) as Pos. pose proof (clock_small _ _ Hc) as [V _].
  pose proof (bit_range 1 (clk n) HB Hc) as (B0 & B1 & _ & B2). destruct off_pos as [O1 O2].
  assert (Two : 2 * s <= steps).
  { unfold steps. pose proof (le_INR 1 B HB) as I. simpl in I. assert (s * 2 <= s * (INR B + 1)) by (apply Rmult_le_compat_l;
    lra). lra. }
  rewrite p_S, p_0 in B0. pose proof (show_range (acc n) (proj2 (proj2 Fit))) as [[SA _] _].
  apply abs_le_inv in H. apply abs_le_inv in H'.
  assert (Tk : 0 <= taken G n <= s).
  { split; [apply sigmoid_share|]. eapply Rle_trans; [|exact Skip]. apply sigmoid_le, Rmult_le_compat_l; lra. }
  assert (B3 : bit (clk n) <= / 2) by (unfold bit; pose proof (tanh_bounds (2 * show (clk n))); lra).
  pose proof (sigmoid_share (G * (3 / 8 * gamma - show (clk n)))) as K. fold (kept gamma G (clk n)) in K.
  pose proof (fits_next n x' ltac:(lra) Fit) as Fit'. destruct Fit as (F1 & F2 & F3).
  assert (Y' : 0 <= acc (next n x') / 2 <= clear).
  { split; [pose proof (proj2 (proj2 Fit')); lra|]. rewrite acc_next. unfold clear.
    assert (kept gamma G (clk n) * (acc n / 2) <= 1 * (acc n / 2)) by (apply Rmult_le_compat_r; lra).
    assert (taken G n * bit (clk n) <= s * / 2) by (apply Rmult_le_compat; lra). lra. }
  destruct (sums 2 ltac:(lia)) as (P1 & T1 & K1 & E1 & S1 & S2 & Cl).
  assert (P2 : p 2 = / 4) by (rewrite !p_S, p_0; field). split.
  - split; [exact (clock_step 1 _ HB Hc)|]. split; [exact Fit'|]. split; [apply abs_le; simpl; lra|].
    pose proof (cube_pos Q HQ) as Q3. unfold under, over. simpl (INR 2) in *. rewrite P2 in *. lra.
  - intros j (J1 & J2). exists j. pose proof u_pos as U. split; [|split; [lia|]].
    + apply INR_lt. apply Rmult_lt_reg_r with u; [exact U|]. rewrite powers by lia. rewrite P2. lra.
    + replace (acc (next n x') / 2 - (INR j - INR j) * u) with (acc (next n x') / 2) by ring.
      rewrite Rabs_pos_eq by lra. unfold grid_of. simpl (INR 2) in *. rewrite P2 in *. lra.
Qed.

Section from_a_load.
Variable A0 : R.
Hypotheses (HA : 0 <= A0) (Top : A0 + off <= highest).

Lemma in_range k m : (2 <= k <= S B)%nat -> inside k A0 m ->
  A0 - 2 * steps <= value m <= A0 + 2 * steps /\ value m <= highest /\ 0 <= acc m <= Q /\
  0 <= acc m / 2 - show (acc m) <= Q ^ 3 / 6.
Proof.
  intros Hk (_ & (_ & _ & F) & H & R & _). destruct (sums k Hk) as (_ & _ & _ & _ & [_ S1] & _). destruct off_pos as [O1 O2].
  destruct (margins k Hk) as (U & _). pose proof load_pos. pose proof steps_range as (R1 & _). apply abs_le_inv in H.
  assert (AQ : acc m <= Q) by lra. pose proof (show_range (acc m) F) as [[_ S2] S3].
  assert (acc m ^ 3 <= Q ^ 3) by (apply pow_incr; lra). repeat split; lra.
Qed.

Lemma kept_high k m : (1 <= k <= B)%nat -> clock_in k (clk m) -> 1 - s <= kept gamma G (clk m) <= 1.
Proof.
  intros Hk Hc. split; [|apply sigmoid_share]. destruct (bit_range k _ ltac:(lia) Hc) as (_ & _ & V & _).
  pose proof (p_le 1 k ltac:(lia)) as P. rewrite p_S, p_0 in P. pose proof (p_pos k).
  assert (V1 : show (clk m) <= (C + D) / 4 + s) by (assert ((C + D) * p k <= (C + D) * (1 / 2)) by (apply Rmult_le_compat_l;
    lra); lra).
  unfold kept. rewrite sigmoid_rest.
  assert (sigmoid (- (G * (3 / 8 * gamma - show (clk m)))) <= s); [|lra]. eapply Rle_trans; [|exact Kept]. apply sigmoid_le.
  assert (G * (show (clk m) - 3 / 8 * gamma) <= G * ((C + D) / 4 + s - 3 / 8 * gamma)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma below m : value m - show (acc m) <= show (clk m) - z -> taken G m <= t.
Proof.
  intros H. eapply Rle_trans; [|exact Narrow]. apply sigmoid_le.
  assert (G * (value m - show (acc m) - show (clk m)) <= G * (- z)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma above m : show (clk m) + z <= value m - show (acc m) -> 1 - t <= taken G m.
Proof.
  intros H. unfold taken. rewrite sigmoid_rest. assert (sigmoid (- (G * (value m - show (acc m) - show (clk m)))) <= t); [|lra].
  eapply Rle_trans; [|exact Narrow]. apply sigmoid_le.
  assert (G * z <= G * (value m - show (acc m) - show (clk m))) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma half_below m : value m - show (acc m) <= show (clk m) -> taken G m <= / 2.
Proof.
  intros H. rewrite <- sigmoid_0. apply sigmoid_le.
  assert (G * (value m - show (acc m) - show (clk m)) <= G * 0) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma half_above m : show (clk m) <= value m - show (acc m) -> / 2 <= taken G m.
Proof.
  intros H. rewrite <- sigmoid_0. apply sigmoid_le.
  assert (G * 0 <= G * (value m - show (acc m) - show (clk m))) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma bit_inside k m x : (2 <= k <= B)%nat -> inside k A0 m -> inside (S k) A0 (next m x).
Proof.
  intros Hk Hm. destruct (in_range k m ltac:(lia) Hm) as (_ & _ & AQ & Sh). destruct Hm as (Hc & Fit & H & R).
  pose proof (holds k m x ltac:(lia) Hc Fit) as Ho. pose proof (clock_pos _ _ Hc) as Pos.
  destruct (bit_range k _ ltac:(lia) Hc) as (B1 & B2 & B3 & B4). pose proof (kept_high k m ltac:(lia) Hc) as K.
  destruct (sums k ltac:(lia)) as (P1 & T1 & K1 & E1 & S1 & S2 & Cl). destruct (next_sums k) as (N1 & N2 & N3).
  destruct (margins k ltac:(lia)) as (_ & _ & _ & U & _). pose proof (p_pos k) as P.
  assert (TB : t * bit (clk m) <= t * ((C + D) * p k / 2 + s)) by (apply Rmult_le_compat_l; lra).
  assert (TB0 : 0 <= t * bit (clk m)) by (apply Rmult_le_pos; lra).
  assert (CP : 0 <= C ^ 3 * p k ^ 3) by (apply Rmult_le_pos; apply pow_le; lra).
  assert (DP : D * p k <= D * (/ 2)) by (apply Rmult_le_compat_l; lra). assert (DP0 : 0 <= D * p k) by (apply Rmult_le_pos; lra).
  assert (SQ : 0 <= s * Q) by (apply Rmult_le_pos; lra).
  split; [exact (clock_step k _ ltac:(lia) Hc)|]. split; [apply fits_next; [lra|exact Fit]|].
  apply abs_le_inv in Ho. apply abs_le_inv in H. split; [apply abs_le; rewrite N3; lra|].
  assert (Lk : 0 <= (1 - kept gamma G (clk m)) * (acc m / 2) <= s * Q / 2).
  { split; [apply Rmult_le_pos; lra|]. assert ((1 - kept gamma G (clk m)) * (acc m / 2) <= s * (Q / 2)) by (apply
    Rmult_le_compat; lra).
    lra. }
  assert (Next : over (S k) = over k - C * p k / 2 + C ^ 3 * p k ^ 3 / 3 + D * p k / 2 + t * ((C + D) * p k / 2 + s) + s * (3 + Q
    / 2)).
  { unfold over. rewrite N1, N2, N3, p_S. field. }
  assert (NextU : under (S k) = under k + t * ((C + D) * p k / 2 + s) + 2 * s).
  { unfold under. rewrite N1, N3. ring. }
  destruct (soft_bit (value m - acc m / 2) (acc m / 2 - show (acc m)) (show (clk m)) (bit (clk m)) (taken G m) z t (under k)
    (over k)
    (over (S k) - 2 * s - s * Q / 2) (Q ^ 3 / 6)) as [L1 L2]; try assumption.
  - apply sigmoid_share.
  - pose proof (tanh_nonneg (2 * show (clk m)) ltac:(pose proof (clock_small _ _ Hc); lra)). unfold bit in *. lra.
  - intros X. apply half_below. lra.
  - intros X. apply half_above. lra.
  - intros X. apply below. lra.
  - intros X. apply above. lra.
  - rewrite Next. unfold over. lra.
  - rewrite Next. lra.
  - rewrite acc_next. rewrite NextU. lra.
Qed.

Lemma bit_settled k j m x : (2 <= k <= B)%nat -> decided j A0 -> inside k A0 m -> settled k j m -> settled (S k) j (next m x).
Proof.
  intros Hk (J1 & J2) Hm (r & Hr & Hj & Hset). destruct (in_range k m ltac:(lia) Hm) as (AR & _ & AQ & Sh).
  destruct Hm as (Hc & Fit & H & R).
  destruct (bit_range k _ ltac:(lia) Hc) as (B1 & B2 & B3 & B4). pose proof (kept_high k m ltac:(lia) Hc) as K.
  destruct (sums k ltac:(lia)) as (P1 & T1 & K1 & E1 & S1 & S2 & Cl). destruct (next_sums k) as (N1 & N2 & N3).
  destruct (margins (S k) ltac:(lia)) as (_ & Mg & _). pose proof (p_pos k) as P. pose proof load_pos as LP. pose proof u_pos as U.
  assert (TB : t * bit (clk m) <= t * ((C + D) * p k / 2 + s)) by (apply Rmult_le_compat_l; lra).
  assert (TB0 : 0 <= t * bit (clk m)) by (apply Rmult_le_pos; lra).
  assert (CP : 0 <= C ^ 3 * p k ^ 3) by (apply Rmult_le_pos; apply pow_le; lra).
  assert (DP0 : 0 <= D * p k) by (apply Rmult_le_pos; lra).
  assert (SQ : 0 <= s * Q) by (apply Rmult_le_pos; lra).
  assert (Lk : 0 <= (1 - kept gamma G (clk m)) * (acc m / 2) <= s * Q / 2).
  { split; [apply Rmult_le_pos; lra|]. assert ((1 - kept gamma G (clk m)) * (acc m / 2) <= s * (Q / 2)) by (apply
    Rmult_le_compat; lra).
    lra. }
  assert (Next : grid_of (S k) = grid_of k + C ^ 3 * p k ^ 3 / 3 + D * p k / 2 + t * ((C + D) * p k / 2 + s) + s * (1 + Q / 2)).
  { unfold grid_of. rewrite N1, N2, N3, p_S. field. }
  pose proof (powers (S k) ltac:(lia)) as Half. rewrite p_S in Half.
  set (n := (2 ^ (S B - S k))%nat) in *.
  assert (Hr2 : (r < n + n)%nat)
    by (replace (S B - k)%nat with (S (S B - S k)) in Hr by lia; rewrite Nat.pow_succ_r' in Hr; fold n in Hr; lia).
  apply abs_le_inv in Hset. pose proof (sigmoid_share (G * (value m - show (acc m) - show (clk m)))) as Tk. fold (taken G m) in Tk.
  unfold settled. fold n. rewrite acc_next.
  destruct (Nat.le_gt_cases n r) as [Big|Small].
  - exists (r - n)%nat. split; [lia|]. split; [lia|]. rewrite minus_INR by lia.
    assert (RU : INR n * u <= INR r * u) by (apply Rmult_le_compat_r; [lra|apply le_INR; lia]).
    assert (Ab : 1 - t <= taken G m) by (apply above; lra).
    assert (TK : (1 - t) * bit (clk m) <= taken G m * bit (clk m) <= bit (clk m)).
    { split; [apply Rmult_le_compat_r; lra|]. assert (taken G m * bit (clk m) <= 1 * bit (clk m)) by (apply Rmult_le_compat_r;
      lra). lra. }
    apply abs_le. rewrite Next. lra.
  - exists r. split; [lia|]. split; [lia|].
    assert (RU : (INR r + 1) * u <= INR n * u) by (apply Rmult_le_compat_r; [lra|rewrite <- S_INR; apply le_INR; lia]).
    assert (Be : taken G m <= t) by (apply below; lra).
    assert (TK : 0 <= taken G m * bit (clk m) <= t * bit (clk m)) by (split; [apply Rmult_le_pos; lra|apply Rmult_le_compat_r;
      lra]).
    apply abs_le. rewrite Next. lra.
Qed.

Lemma loaded m x : inside (S B) A0 m ->
  ready (next m x) /\ Rabs (value (next m x) - (show (acc m) + u / 2)) <= load.
Proof.
  intros Hm. destruct (in_range (S B) m ltac:(lia) Hm) as (_ & _ & AQ & Sh). destruct Hm as (Hc & Fit & _ & _).
  pose proof (clock_pos _ _ Hc) as Pos. pose proof (clock_small _ _ Hc) as [V _]. pose proof Hc as [C1 C2].
  rewrite <- unit_p in C1. rewrite <- low_p in C2. pose proof u_pos as U. split.
  - split; [exact (clock_load _ Hc)|]. split; [apply fits_next; [lra|exact Fit]|]. unfold refresh.next; cbn [acc].
    pose proof (sigmoid_share (G * (3 / 8 * gamma - show (clk m)))) as K. fold (kept gamma G (clk m)) in K.
    pose proof (sigmoid_share (G * (value m - show (acc m) - show (clk m)))) as Tk. fold (taken G m) in Tk.
    pose proof (tanh_bounds (2 * show (clk m))) as T2. pose proof (tanh_nonneg (2 * show (clk m)) ltac:(lra)) as T0.
    assert (kept gamma G (clk m) * acc m <= 1 * acc m) by (apply Rmult_le_compat_r; lra).
    assert (taken G m * tanh (2 * show (clk m)) <= 1 * 1) by (apply Rmult_le_compat; lra). lra.
  - pose proof (show_le u (clk m) C1) as V1. pose proof (show_range u ltac:(lra)) as [_ V2].
    assert (PB : p (S B) <= 1) by apply p_range. assert (V3 : show (clk m) <= u / 2 + D / 2 + s).
    { assert (clk m <= u + D + 2 * s); [|lra]. eapply Rle_trans; [exact C2|]. rewrite low_p, unit_p.
      assert (D * p (S B) <= D * 1) by (apply Rmult_le_compat_l; lra). lra. }
    set (X := 2 * show (acc m) + 2 * show (clk m)).
    pose proof (show_range (acc m) (proj1 AQ)) as [[SA0 SA1] _].
    assert (X0 : 0 <= X <= Q + low) by (unfold X; lra). pose proof (twice X (proj1 X0)) as Tw.
    assert (X3 : X ^ 3 <= (Q + low) ^ 3) by (apply pow_incr; lra).
    pose proof (tanh_le_id X ltac:(lra)). pose proof (tanh_nonneg X ltac:(lra)). pose proof (tanh_le_id (tanh X) ltac:(lra)).
    assert (L : 1 - s <= lost w G (clk m) <= 1).
    { split; [|apply sigmoid_share]. unfold lost. rewrite sigmoid_rest.
      assert (sigmoid (- (G * (3 / 4 * w - show (clk m)))) <= s); [|lra]. eapply Rle_trans; [|exact Loads]. apply sigmoid_le.
      assert (G * (show (clk m) - 3 / 4 * w) <= G * (low / 2 - 3 / 4 * w)) by (apply Rmult_le_compat_l; lra). lra. }
    assert (A : 0 <= admitted w G (clk m) <= s).
    { split; [apply sigmoid_share|]. eapply Rle_trans; [|exact Shut]. apply sigmoid_le, Rmult_le_compat_l; [lra|].
      unfold show in V1. fold (show (clk m)) in V1. lra. }
    destruct Fit as (F1 & F2 & _). apply abs_le_inv in F1. apply abs_le_inv in F2.
    pose proof (tanh_bounds (entry M gamma w x)) as T1. pose proof (tanh_bounds X) as T2.
    unfold value, refresh.next; cbn [cap hold]. fold X.
    pose proof (share_small (1 - lost w G (clk m)) (cap m) s ltac:(lra) ltac:(lra)) as Q1.
    pose proof (share_small (1 - lost w G (clk m)) (hold m) s ltac:(lra) ltac:(lra)) as Q2.
    pose proof (share_small (admitted w G (clk m)) (tanh (entry M gamma w x)) s ltac:(lra) ltac:(lra)) as Q3.
    pose proof (share_small (1 - lost w G (clk m)) (tanh X) s ltac:(lra) ltac:(lra)) as Q4.
    pose proof (show_lip ((1 - lost w G (clk m)) * cap m + admitted w G (clk m) * tanh (entry M gamma w x)) 0 (2 * s)
      ltac:(apply abs_le; lra)) as S1.
    pose proof (show_lip ((1 - lost w G (clk m)) * hold m + lost w G (clk m) * tanh X) (tanh X) (2 * s)
      ltac:(apply abs_le; lra)) as S2.
    assert (Z0 : show 0 = 0) by (unfold show; rewrite tanh_0; field). rewrite Z0 in S1.
    assert (ST : X / 2 - X ^ 3 / 3 <= show (tanh X) <= X / 2).
    { unfold show. replace (X * (1 - 2 / 3 * X ^ 2)) with (X - 2 / 3 * X ^ 3) in Tw by ring. lra. }
    apply abs_le_inv in S1. apply abs_le_inv in S2. unfold load.
    assert (XE : X / 2 = show (acc m) + show (clk m)) by (unfold X; field).
    assert (U3 : 0 <= u ^ 3) by (apply pow_le; lra). assert (L3 : 0 <= (Q + low) ^ 3) by (apply pow_le; lra).
    set (q := (Q + low) ^ 3) in *. set (x3 := X ^ 3) in *. apply abs_le. lra.
Qed.

(** * One cycle *)

Lemma trials m y k : ready m -> value m = A0 -> (1 <= k <= B)%nat ->
  inside (S k) A0 (run next m y (S k)) /\ forall j, decided j A0 -> settled (S k) j (run next m y (S k)).
Proof.
  intros Hm E Hk. induction k as [|k IH]; [lia|]. destruct k as [|k].
  - cbn [run]. rewrite <- E. apply skipped; [exact Hm|lra|lra].
  - destruct (IH ltac:(lia)) as [I1 I2]. rewrite run_S. split.
    + apply bit_inside; [lia|exact I1].
    + intros j Hj. apply bit_settled; auto. lia.
Qed.

Lemma meanwhile m y k : ready m -> value m = A0 -> (k <= S B)%nat -> Rabs (value (run next m y k) - A0) <= 2 * steps.
Proof.
  intros Hm E Hk. pose proof steps_range as (R1 & _). destruct k as [|[|k]].
  - cbn [run]. rewrite E. apply abs_le. lra.
  - cbn [run]. rewrite <- E in *. destruct (cleared m (y 1%nat) Hm HA Top) as (_ & _ & H & _). lra.
  - destruct (trials m y (S k) Hm E ltac:(lia)) as [I _]. destruct (in_range (S (S k)) _ ltac:(lia) I) as (V & _). apply abs_le.
    lra.
Qed.

Theorem cycle m y : ready m -> value m = A0 -> let m' := run next m y (S (S B)) in
  ready m' /\ Rabs (value m' - A0) <= u / 2 + off /\ forall j, decided j A0 -> Rabs (value m' - (INR j + / 2) * u) <= off.
Proof.
  intros Hm E m'. unfold m'. rewrite run_S. destruct (trials m y B Hm E ltac:(lia)) as [I Set_].
  set (n := run next m y (S B)) in *. destruct (loaded n (y (S (S B))) I) as [Re L].
  destruct (in_range (S B) n ltac:(lia) I) as (V & _ & AQ & Sh). destruct (margins (S B) ltac:(lia)) as (M1 & M2 & M3 & M4 & M5).
  pose proof (proj2 (proj2 (proj2 I))) as R. rewrite <- unit_p in M3. pose proof u_pos as U. pose proof steps_range as (R1 & _).
  apply abs_le_inv in L. split; [exact Re|]. split.
  - apply abs_le. lra.
  - intros j Hj. destruct (Set_ j Hj) as (r & Hr & _ & G0). rewrite Nat.sub_diag in Hr. simpl in Hr.
    replace r with 0%nat in G0 by lia. simpl (INR 0) in G0. rewrite Rminus_0_r in G0. apply abs_le_inv in G0. apply abs_le. lra.
Qed.
End from_a_load.

(** * Levels and borders return *)

Section levels.
Variable A1 : R.
Hypotheses (Down : u / 2 + 2 * z + 3 * off <= A1) (Up : A1 + (u / 2 + 2 * z + 3 * off) + off <= highest).

Definition near (A : R) : Prop :=
  A = A1 \/ (exists j, decided j A1 /\ Rabs (A - (INR j + / 2) * u) <= off) \/
  (exists j, Rabs (A1 - INR j * u) <= z + off /\
    (INR j - / 2) * u - (z + 2 * off) <= A <= (INR j + / 2) * u + (z + 2 * off)).

Lemma near_close A : near A -> Rabs (A - A1) <= u / 2 + 2 * z + 3 * off.
Proof.
  pose proof u_pos as U. destruct off_pos as [O _]. intros [-> | [(j & [J1 J2] & H) | (j & J & H)]].
  - apply abs_le. lra.
  - apply abs_le_inv in H. apply abs_le. lra.
  - apply abs_le_inv in J. apply abs_le. lra.
Qed.

Lemma near_range A : near A -> 0 <= A /\ A + off <= highest.
Proof. intros H. apply near_close, abs_le_inv in H. lra. Qed.

Lemma near_next A A' : near A -> Rabs (A' - A) <= u / 2 + off ->
  (forall j, decided j A -> Rabs (A' - (INR j + / 2) * u) <= off) -> near A'.
Proof.
  intros Near Move Dec. destruct (near_range A Near) as [A0 _]. pose proof u_pos as U. destruct off_pos as [O _].
  apply abs_le_inv in Move. destruct Near as [-> | [(j & [J1 J2] & H) | (j & J & H)]].
  - assert (A1u : 0 <= A1 / u) by (apply Rmult_le_pos; [exact A0|left; now apply Rinv_0_lt_compat]).
    destruct (nfloor_ex (A1 / u) A1u) as (j & F1 & F2). assert (E : A1 / u * u = A1) by (field; lra).
    apply (Rmult_le_compat_r u) in F1; [|lra]. apply (Rmult_lt_compat_r u) in F2; [|lra]. rewrite E in F1, F2.
    destruct (Rle_lt_dec (INR j * u + (z + off)) A1) as [L|L].
    + destruct (Rle_lt_dec A1 ((INR j + 1) * u - (z + off))) as [R|R].
      * right. left. exists j. split; [now split|]. apply Dec. now split.
      * right. right. exists (S j). rewrite S_INR. split; [apply abs_le|]; lra.
    + right. right. exists j. split; [apply abs_le|]; lra.
  - apply abs_le_inv in H. right. left. exists j. split; [now split|]. apply Dec. unfold decided. lra.
  - right. right. exists j. split; [exact J|]. apply abs_le_inv in J.
    destruct (Rle_lt_dec A (INR j * u + (z + off))) as [L|L].
    + destruct (Rle_lt_dec (INR j * u - (z + off)) A) as [R|R]; [lra|].
      destruct j as [|j]; [simpl in R; lra|]. rewrite S_INR in *.
      specialize (Dec j ltac:(unfold decided; lra)). apply abs_le_inv in Dec. lra.
    + specialize (Dec j ltac:(unfold decided; lra)). apply abs_le_inv in Dec. lra.
Qed.

Lemma cycles m y N : ready m -> value m = A1 ->
  let m' := run next m y (N * S (S B)) in ready m' /\ near (value m').
Proof.
  intros Hm E. cbv zeta. induction N as [|N [I1 I2]].
  - cbn [Nat.mul run]. split; [exact Hm|now left].
  - replace (S N * S (S B))%nat with (N * S (S B) + S (S B))%nat by lia. rewrite run_shift.
    set (m' := run next m y (N * S (S B))) in *. destruct (near_range _ I2) as [R1 R2].
    destruct (cycle (value m') R1 R2 m' (fun k => y (N * S (S B) + k)%nat) I1 eq_refl) as (C1 & C2 & C3).
    split; [exact C1|]. exact (near_next _ _ I2 C2 C3).
Qed.

Lemma always m y k : ready m -> value m = A1 -> Rabs (value (run next m y k) - A1) <= u / 2 + 2 * z + 3 * off + 2 * steps.
Proof.
  intros Hm E. rewrite (Nat.div_mod_eq k (S (S B))), (Nat.mul_comm (S (S B))), run_shift.
  destruct (cycles m y (k / S (S B)) Hm E) as [I1 I2]. set (m' := run next m y (k / S (S B) * S (S B))) in *.
  destruct (near_range _ I2) as [R1 R2]. pose proof (Nat.mod_upper_bound k (S (S B)) ltac:(lia)).
  pose proof (meanwhile (value m') R1 R2 m' (fun t => y (k / S (S B) * S (S B) + t)%nat) (k mod S (S B)) I1 eq_refl ltac:(lia))
    as W.
  apply near_close in I2. apply abs_le_inv in I2. apply abs_le_inv in W. apply abs_le. lra.
Qed.
End levels.

Hypotheses (HM : 0 < M) (First : sigmoid (- (G * w / 4)) <= s)
  (Lowest : C9_captured gamma w s + C9_moved B C D s t z Q <= (gamma / 16 + w) / 2).

(** * Step 1 *)

Lemma entered x : - M <= x <= M -> let m := next {| cap := 0; hold := 0; acc := 0; clk := 0 |} x in
  ready m /\ gamma / 16 + w <= entry M gamma w x <= 5 / 16 * gamma + w /\
  entry M gamma w x / 2 - C9_captured gamma w s <= value m <= entry M gamma w x / 2.
Proof.
  intros Hx. cbv zeta. set (X := entry M gamma w x).
  assert (X0 : gamma / 16 + w <= X <= 5 / 16 * gamma + w).
  { unfold X, entry. assert (E : gamma / (8 * M) * M = gamma / 8) by (field; lra).
    assert (P : 0 <= gamma / (8 * M)) by (left; apply Rdiv_lt_0_compat; lra).
    assert (gamma / (8 * M) * x <= gamma / (8 * M) * M) by (apply Rmult_le_compat_l; lra).
    assert (gamma / (8 * M) * - M <= gamma / (8 * M) * x) by (apply Rmult_le_compat_l; lra). lra. }
  assert (Z0 : show 0 = 0) by (unfold show; rewrite tanh_0; field).
  assert (L : 1 - s <= lost w G 0 <= 1).
  { split; [|apply sigmoid_share]. unfold lost. rewrite sigmoid_rest, Z0.
    assert (sigmoid (- (G * (3 / 4 * w - 0))) <= s); [|lra]. eapply Rle_trans; [|exact First]. apply sigmoid_le.
    assert (0 < G * w) by (apply Rmult_lt_0_compat; lra). lra. }
  assert (A : 1 - s <= admitted w G 0 <= 1).
  { split; [|apply sigmoid_share]. unfold admitted. rewrite sigmoid_rest, Z0.
    replace (- (G * (w / 4 - 0))) with (- (G * w / 4)) by field. lra. }
  pose proof (tanh_nonneg gamma ltac:(lra)) as G0. pose proof (tanh_le_id gamma ltac:(lra)) as G1.
  pose proof (tanh_nonneg X ltac:(lra)) as T0. pose proof (tanh_bounds X) as T1. pose proof (tanh_le_id X ltac:(lra)) as T2.
  pose proof (twice X ltac:(lra)) as Tw. set (a := admitted w G 0) in *.
  assert (AT : 0 <= a * tanh X /\ tanh X - s <= a * tanh X <= tanh X).
  { pose proof (share_small (1 - a) (tanh X) s ltac:(lra) ltac:(lra)). split; [apply Rmult_le_pos; lra|].
    assert (0 <= (1 - a) * tanh X) by (apply Rmult_le_pos; lra). lra. }
  assert (V : X / 2 - C9_captured gamma w s <= show (a * tanh X) <= X / 2).
  { pose proof (tanh_slope (tanh X - s) (tanh X) ltac:(lra)). pose proof (tanh_le (tanh X - s) (a * tanh X) ltac:(lra)).
    pose proof (tanh_le_id (a * tanh X) ltac:(lra)). assert (X ^ 3 <= (5 / 16 * gamma + w) ^ 3) by (apply pow_incr; lra).
    replace (X * (1 - 2 / 3 * X ^ 2)) with (X - 2 / 3 * X ^ 3) in Tw by ring. unfold show, C9_captured.
    set (q := (5 / 16 * gamma + w) ^ 3) in *. set (x3 := X ^ 3) in *. lra. }
  set (m0 := {| cap := 0; hold := 0; acc := 0; clk := 0 |}).
  assert (E1 : cap (next m0 x) = a * tanh X) by (unfold refresh.next, m0; cbn [cap clk]; fold X a; ring).
  assert (E2 : hold (next m0 x) = 0)
    by (unfold refresh.next, m0; cbn [hold acc clk]; rewrite Z0; replace (2 * 0 + 2 * 0) with 0 by ring; rewrite tanh_0; ring).
  assert (E3 : acc (next m0 x) = 0)
    by (unfold refresh.next, m0; cbn [acc clk]; rewrite Z0, !Rmult_0_r, tanh_0; ring).
  assert (E4 : clk (next m0 x) = lost w G 0 * tanh gamma)
    by (unfold refresh.next, m0; cbn [clk]; rewrite Z0, Rminus_0_r; field).
  pose proof low_pos as LP. unfold ready, fits, value. rewrite E1, E2, E3, E4, Z0, Rplus_0_r.
  split; [|split; [exact X0|exact V]]. split; [|split; [split; [|split]|]].
  - assert (s * tanh gamma <= s * gamma) by (apply Rmult_le_compat_l; lra).
    assert (0 <= low ^ 3) by (apply pow_le; lra).
    assert (0 <= low * gamma ^ 2) by (apply Rmult_le_pos; [lra|apply pow_le; lra]).
    assert (0 <= (1 - lost w G 0) * tanh gamma <= s * tanh gamma) by (split; [apply Rmult_le_pos|apply Rmult_le_compat_r]; lra).
    lra.
  - apply abs_le. lra.
  - rewrite Rabs_R0. lra.
  - lra.
  - lra.
Qed.

Theorem remembers d x n : (4 <= d)%nat -> (1 <= n)%nat -> box M x ->
  Rabs (lstm_output d (C9_weights M gamma w G) x n - x 1%nat) <= C9_bound B M gamma w C D s t z Q.
Proof.
  intros Hd Hn Hx. destruct n as [|k]; [lia|]. set (W := C9_weights M gamma w G).
  set (m0 := {| cap := 0; hold := 0; acc := 0; clk := 0 |}).
  assert (Sh : forall j, shows (run (lstm_step d W) (zero, zero) x j) (run next m0 x j)).
  { intros j. induction j as [|j IH].
    - cbn [run]. unfold shows, m0, zero, show; cbn [fst snd cap hold acc clk]. rewrite tanh_0. repeat split; field.
    - rewrite !run_S. now apply shows_next. }
  destruct (entered (x 1%nat) (box_bounds M x 1 Hx)) as (Re & X0 & V). fold m0 in Re, V.
  set (m1 := next m0 (x 1%nat)) in *. set (X := entry M gamma w (x 1%nat)) in *.
  assert (MV : C9_moved B C D s t z Q = u / 2 + 2 * z + 3 * off + 2 * steps)
    by (unfold C9_moved, steps; fold u off; ring).
  assert (HI : highest = (5 / 16 * gamma + w) / 2 + C9_moved B C D s t z Q + off) by reflexivity. rewrite MV in HI.
  pose proof steps_range as (R1 & _).
  destruct off_pos as [O _]. rewrite MV in Lowest.
  pose proof (always (value m1) ltac:(lra) ltac:(lra) m1 (fun t => x (1 + t)%nat) k Re eq_refl) as Aw.
  change m1 with (run next m0 x 1) in Aw at 1. rewrite <- run_shift in Aw. change (1 + k)%nat with (S k) in Aw.
  destruct (Sh (S k)) as (_ & H0 & H1 & _). unfold lstm_output. change (lstm_start W) with (zero, zero).
  set (m := run next m0 x (S k)) in *. set (S_ := run (lstm_step d W) (zero, zero) x (S k)) in *.
  assert (Read : read d (lstm_out W) (fst S_) - x 1%nat = 16 * M / gamma * (value m - X / 2)).
  { unfold W, C9_weights; cbn [lstm_out]; weights. rewrite H0, H1. unfold value, X, entry. field. lra. }
  rewrite Read, Rabs_mult. unfold C9_bound. rewrite MV.
  assert (P : 0 < 16 * M / gamma) by (apply Rdiv_lt_0_compat; lra). rewrite (Rabs_pos_eq (16 * M / gamma)) by lra.
  apply Rmult_le_compat_l; [lra|]. apply abs_le_inv in Aw. apply abs_le. lra.
Qed.
End cycle.

Theorem recalls : C9.
Proof.
  intros d B M gamma w G C D s t z Q Hd HM Cond n Hn x Hx. unfold C9_conditions in Cond. cbv zeta in Cond.
  decompose [and] Cond. clear Cond. apply remembers with (G := G); try assumption. now split.
Qed.
