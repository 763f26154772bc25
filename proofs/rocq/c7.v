(** C7: the flag and memory GRU, all four conventions, recalls its first input up to N, with the closed-form bound. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

Lemma units after keeps d K L eps h x : (2 <= d)%nat ->
  let s := gru_step after keeps d (C7_weights keeps K L eps) h x in
  s 0%nat = (1 - sigmoid L) * h 0%nat + sigmoid L * tanh L /\
  s 1%nat = (1 - sigmoid (K - L * h 0%nat)) * h 1%nat + sigmoid (K - L * h 0%nat) * tanh (eps * x).
Proof.
  intros Hd. rewrite <- !sigmoid_opp.
  unfold gru_step, C7_weights, no_weights, zero; cbn [gru_z gru_r gru_n gru_c].
  destruct after, keeps; weights; split; rewrite <- ?sigmoid_opp; arguments.
Qed.

Section bounds.
Variables (after keeps : bool) (d N : nat) (K L eps M : R).
Hypotheses (Hd : (2 <= d)%nat) (HK : 0 < K) (HL : 0 < L) (He : 0 < eps) (HM : 0 < M).

Let phi := sigmoid K.
Let psi := sigmoid L.
Let kappa := sigmoid (L * sigmoid L * tanh L - K).
Let tau := tanh (eps * M).
Local Notation step := (gru_step after keeps d (C7_weights keeps K L eps)).

Lemma range z : 0 < sigmoid z < 1.
Proof. split; [apply sigmoid_pos|apply sigmoid_lt_1]. Qed.

Lemma flag_up x t : psi * tanh L <= run step zero x (S t) 0%nat.
Proof.
  pose proof (range L) as P. fold psi in P. pose proof (tanh_nonneg L ltac:(lra)) as T.
  induction t as [|t IH]; rewrite run_S.
  - simpl run. destruct (units after keeps d K L eps zero (x 1%nat) Hd) as (-> & _). unfold zero. fold psi. lra.
  - destruct (units after keeps d K L eps (run step zero x (S t)) (x (S (S t))) Hd) as (-> & _). fold psi.
    assert (0 <= psi * tanh L) by (apply Rmult_le_pos; lra). nra.
Qed.

(** The share taken from step 2 on. *)
Lemma share x t : 0 <= sigmoid (K - L * run step zero x (S t) 0%nat) <= 1 - kappa.
Proof.
  split; [left; apply sigmoid_pos|]. unfold kappa. rewrite <- sigmoid_opp. apply sigmoid_le.
  pose proof (flag_up x t) as F. unfold psi in F.
  assert (L * (sigmoid L * tanh L) <= L * run step zero x (S t) 0%nat) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma input x t : box M x -> - tau <= tanh (eps * x t) <= tau.
Proof.
  intros Hx. pose proof (box_bounds M x t Hx). unfold tau. rewrite <- tanh_odd. split; apply tanh_le; nra.
Qed.

(** m_t lies within (1 - kappa^(t-1)) tau of kappa^(t-1) phi tanh(eps x_1): both are convex combinations. *)
Lemma held x t : box M x ->
  Rabs (run step zero x (S t) 1%nat - kappa ^ t * (phi * tanh (eps * x 1%nat))) <= (1 - kappa ^ t) * tau.
Proof.
  intros Hx. pose proof (range K) as P. fold phi in P. pose proof (range (L * sigmoid L * tanh L - K)) as Q. fold kappa in Q.
  pose proof (input x 1 Hx) as I1. set (a := phi * tanh (eps * x 1%nat)).
  assert (A : - tau <= a <= tau) by (unfold a; split; nra).
  induction t as [|t IH]; rewrite run_S.
  - simpl run. destruct (units after keeps d K L eps zero (x 1%nat) Hd) as (_ & ->). unfold zero.
    replace (sigmoid (K - L * 0)) with phi by (unfold phi; f_equal; ring). apply abs_le. unfold a. simpl. lra.
  - pose proof (share x t) as G. pose proof (input x (S (S t)) Hx) as I.
    set (h := run step zero x (S t)) in *.
    destruct (units after keeps d K L eps h (x (S (S t))) Hd) as (_ & ->).
    set (q := sigmoid (K - L * h 0%nat)) in *. set (u := tanh (eps * x (S (S t)))) in *.
    pose proof (power_range kappa t Q) as W. simpl pow. set (p := kappa ^ t) in *.
    apply abs_le_inv in IH. set (m := h 1%nat) in *. clearbody m u p q a. apply abs_le.
    assert (0 <= (1 - q) * (m - (p * a - (1 - p) * tau))) by (apply Rmult_le_pos; lra).
    assert (0 <= (1 - q) * ((p * a + (1 - p) * tau) - m)) by (apply Rmult_le_pos; lra).
    assert (0 <= q * (u + tau)) by (apply Rmult_le_pos; lra). assert (0 <= q * (tau - u)) by (apply Rmult_le_pos; lra).
    assert (0 <= (1 - q - kappa) * (p * (a + tau))) by (repeat apply Rmult_le_pos; lra).
    assert (0 <= (1 - q - kappa) * (p * (tau - a))) by (repeat apply Rmult_le_pos; lra).
    lra.
Qed.

Lemma output x t : gru_output after keeps d (C7_weights keeps K L eps) x (S t) = / eps * run step zero x (S t) 1%nat.
Proof.
  unfold gru_output. change (gru_start (C7_weights keeps K L eps)) with zero.
  unfold C7_weights at 1; cbn [gru_out]. weights. ring.
Qed.

Lemma shortfall p x1 m : 0 <= p <= 1 -> - M <= x1 <= M ->
  Rabs (m - p * (phi * tanh (eps * x1))) <= (1 - p) * tau ->
  x1 - / eps * m <= M - / eps * tau * ((1 + phi) * p - 1).
Proof.
  intros HP Hx Hm. apply abs_le_inv in Hm. pose proof (range K) as F. fold phi in F.
  assert (T : 0 <= tau - tanh (eps * x1) <= eps * (M - x1)).
  { pose proof (tanh_slope (eps * x1) (eps * M) ltac:(nra)). pose proof (tanh_le (eps * x1) (eps * M) ltac:(nra)). unfold tau.
  lra. }
  assert (0 <= p * phi <= 1) by nra.
  assert (p * phi * (tau - tanh (eps * x1)) <= tau - tanh (eps * x1)) by nra.
  apply Rmult_le_reg_l with eps; [exact He|].
  replace (eps * (x1 - / eps * m)) with (eps * x1 - m) by (field; lra).
  replace (eps * (M - / eps * tau * ((1 + phi) * p - 1))) with (eps * M - tau * ((1 + phi) * p - 1)) by (field; lra). lra.
Qed.

Lemma upto : recalls_upto (C7_bound N M K L eps) (box M) N (gru_output after keeps d (C7_weights keeps K L eps)).
Proof.
  intros [|t] Hn x Hx; [lia|]. rewrite output.
  pose proof (range K) as F. fold phi in F. pose proof (range (L * sigmoid L * tanh L - K)) as Q. fold kappa in Q.
  pose proof (power_range kappa t Q) as W. pose proof (power_falls kappa t (N - 1) Q ltac:(lia)) as Falls.
  pose proof (held x t Hx) as H. pose proof (box_bounds M x 1 Hx) as X.
  apply Rle_trans with (M - / eps * tau * ((1 + phi) * kappa ^ t - 1)).
  - apply abs_le. pose proof (shortfall _ _ _ W X H) as Above.
    pose proof (shortfall (kappa ^ t) (- x 1%nat) (- run step zero x (S t) 1%nat) W ltac:(lra)) as Below.
    replace (eps * - x 1%nat) with (- (eps * x 1%nat)) in Below by ring. rewrite tanh_odd in Below.
    rewrite <- Rabs_Ropp in H. set (m := run step zero x (S t) 1%nat) in *. clearbody m.
    set (u := tanh (eps * x 1%nat)) in *. clearbody u.
    replace (- (m - kappa ^ t * (phi * u))) with (- m - kappa ^ t * (phi * - u)) in H by ring. specialize (Below H). lra.
  - unfold C7_bound. fold phi. fold kappa. fold tau.
    assert (0 <= / eps * tau) by (apply Rmult_le_pos; [left; now apply Rinv_0_lt_compat|apply tanh_nonneg; nra]).
    assert (/ eps * tau * ((1 + phi) * kappa ^ (N - 1) - 1) <= / eps * tau * ((1 + phi) * kappa ^ t - 1));
      [apply Rmult_le_compat_l; [assumption|nra]|lra].
Qed.
End bounds.

Theorem recalls : C7.
Proof. intros after keeps d N K L eps M Hd HK HL He HM. now apply upto. Qed.

Theorem any : C7_any.
Proof.
  intros after keeps d N M delta Hd HM Hdelta. destruct N as [|m]; [exists 1, 1, 1; intros n Hn; lia|].
  set (beta := Rmin 1 (delta / (2 * M))).
  assert (B2 : 0 < delta / (2 * M)) by (apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; lra]).
  assert (B : 0 < beta <= 1) by (unfold beta; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Small : 2 * M * beta <= delta).
  { apply Rle_trans with (2 * M * (delta / (2 * M))); [|right; field; lra].
    apply Rmult_le_compat_l; [lra|apply Rmin_r]. }
  destruct (saturation (S m) beta ltac:(lia) B) as (K & HK & Sat).
  assert (T1 : 0 < tanh 1) by (unfold tanh; apply Rmult_lt_0_compat;
    [unfold sinh; pose proof (exp_increasing (- (1)) 1 ltac:(lra)); lra|apply Rinv_0_lt_compat, cosh_pos]).
  set (L := 1 + 4 * K / tanh 1).
  assert (L1 : 1 < L) by (unfold L; assert (0 < 4 * K / tanh 1) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]);
    lra).
  set (e := exp (- K)) in *. assert (E : 0 < e) by apply exp_pos.
  set (phi := sigmoid K). set (kappa := sigmoid (L * sigmoid L * tanh L - K)).
  assert (Phi : 1 - e <= phi <= 1) by (pose proof (sigmoid_gap K); pose proof (sigmoid_lt_1 K); unfold phi, e in *; lra).
  assert (Raised : 2 * K <= L * sigmoid L * tanh L).
  { assert (Half : / 2 <= sigmoid L).
    { replace (/ 2) with (sigmoid 0) by (unfold sigmoid; rewrite Ropp_0, exp_0; field). apply sigmoid_le. lra. }
    pose proof (tanh_le 1 L ltac:(lra)).
    apply Rle_trans with (L * / 2 * tanh 1).
    - unfold L. replace ((1 + 4 * K / tanh 1) * / 2 * tanh 1) with (tanh 1 / 2 + 2 * K) by (field; lra). lra.
    - apply Rmult_le_compat; [nra|lra| |lra]. apply Rmult_le_compat_l; lra. }
  assert (Kap : 1 - e <= kappa).
  { pose proof (sigmoid_gap (L * sigmoid L * tanh L - K)).
    assert (exp (- (L * sigmoid L * tanh L - K)) <= e) by (apply exp_le; lra). unfold kappa. lra. }
  pose proof (pos_INR m) as Hm. rewrite S_INR in Sat. assert (E1 : e <= 1) by nra.
  assert (Pow : 1 - INR m * e <= kappa ^ m).
  { eapply Rle_trans; [apply (bernoulli e m ltac:(lra))|]. apply pow_incr. lra. }
  assert (HE : 0 < beta / M) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  exists K, L, (beta / M). intros n Hn. apply (recalls_less (C7_bound (S m) M K L (beta / M))).
  2: apply (recalls after keeps d (S m) K L (beta / M) M Hd HK ltac:(lra) HE HM n Hn).
  unfold C7_bound. fold phi. fold kappa. replace (beta / M * M) with beta by (field; lra).
  replace (S m - 1)%nat with m by lia. set (h := (1 + phi) * kappa ^ m - 1).
  assert (H1 : 1 - beta <= h).
  { unfold h. assert ((2 - e) * (1 - INR m * e) <= (1 + phi) * kappa ^ m); [|nra].
    destruct (Rle_lt_dec 0 (1 - INR m * e)); [apply Rmult_le_compat; lra|].
    assert (0 <= kappa ^ m) by (apply pow_le; left; apply sigmoid_pos). nra. }
  pose proof (tanh_cube beta ltac:(lra)) as T. pose proof (tanh_nonneg beta ltac:(lra)) as T0.
  replace (/ (beta / M) * tanh beta * h) with (M / beta * (h * tanh beta)) by (field; lra).
  assert (Main : (1 - beta) * (beta - beta ^ 3 / 3) <= h * tanh beta).
  { apply Rle_trans with ((1 - beta) * tanh beta); [apply Rmult_le_compat_l; lra|]. apply Rmult_le_compat_r; lra. }
  assert (M / beta * ((1 - beta) * (beta - beta ^ 3 / 3)) <= M / beta * (h * tanh beta)).
  { apply Rmult_le_compat_l; [|exact Main]. left. apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; lra]. }
  replace (M / beta * ((1 - beta) * (beta - beta ^ 3 / 3))) with (M * ((1 - beta) * (1 - beta ^ 2 / 3))) in * by (field; lra).
  assert (1 - 2 * beta <= (1 - beta) * (1 - beta ^ 2 / 3)) by (simpl; nra).
  assert (M * (1 - 2 * beta) <= M * ((1 - beta) * (1 - beta ^ 2 / 3))) by (apply Rmult_le_compat_l; lra). lra.
Qed.
