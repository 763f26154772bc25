(** C6: the flag and memory LSTM recalls its first input up to N, with the closed-form bound. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

Definition flag (s : vector * vector) : R := snd s 0%nat.
Definition memory (s : vector * vector) : R := snd s 1%nat.

Lemma units d K L eps h c x : (2 <= d)%nat ->
  let s := lstm_step d (C6_weights K L eps) (h, c) x in
  flag s = (1 - sigmoid K) * c 0%nat + sigmoid K * tanh K /\
  fst s 0%nat = sigmoid K * tanh (flag s) /\
  memory s = sigmoid K * c 1%nat + sigmoid (K - L * h 0%nat) * tanh (eps * x) /\
  fst s 1%nat = sigmoid K * tanh (memory s).
Proof.
  intros Hd. unfold flag, memory, lstm_step, C6_weights; cbn [lstm_f lstm_i lstm_o lstm_g fst snd]; weights.
  rewrite <- (sigmoid_opp K). unfold Rminus. rewrite ?Rplus_0_r.
  repeat split; arguments.
Qed.

Section bounds.
Variables (d N : nat) (K L eps M : R).
Hypotheses (Hd : (2 <= d)%nat) (HK : 0 < K) (HL : 0 < L) (He : 0 < eps) (HM : 0 < M).

Let phi := sigmoid K.
Let eta := C6_eta K L.
Let tau := tanh (eps * M).
Local Notation step := (lstm_step d (C6_weights K L eps)).

Lemma phi_range : 0 < phi < 1.
Proof. split; [apply sigmoid_pos|apply sigmoid_lt_1]. Qed.

Lemma eta_pos : 0 < eta.
Proof. apply sigmoid_pos. Qed.

(** From step 1 on the flag is up and the memory's gate at most eta. *)
Lemma flag_up x t : phi * tanh K <= flag (run step (zero, zero) x (S t)).
Proof.
  pose proof phi_range as P. pose proof (tanh_nonneg K ltac:(lra)).
  induction t as [|t IH]; rewrite run_S.
  - simpl run. destruct (units d K L eps zero zero (x 1%nat) Hd) as (-> & _). unfold zero. fold phi. lra.
  - destruct (run step (zero, zero) x (S t)) as [h c]. unfold flag in IH at 1; cbn [snd] in IH.
    destruct (units d K L eps h c (x (S (S t))) Hd) as (-> & _). fold phi.
    assert (0 <= phi * tanh K) by (apply Rmult_le_pos; lra). nra.
Qed.

Lemma shown x t : phi * tanh (flag (run step (zero, zero) x (S t))) = fst (run step (zero, zero) x (S t)) 0%nat.
Proof.
  rewrite run_S. destruct (run step (zero, zero) x t) as [h c].
  destruct (units d K L eps h c (x (S t)) Hd) as (_ & E & _). symmetry. exact E.
Qed.

Lemma gate x t : sigmoid (K - L * fst (run step (zero, zero) x (S t)) 0%nat) <= eta.
Proof.
  unfold eta, C6_eta. apply sigmoid_le. rewrite <- shown. fold phi.
  pose proof (tanh_le _ _ (flag_up x t)). pose proof phi_range.
  assert (L * phi * tanh (phi * tanh K) <= L * phi * tanh (flag (run step (zero, zero) x (S t))))
    by (apply Rmult_le_compat_l; nra). lra.
Qed.

Lemma input x t : box M x -> Rabs (tanh (eps * x t)) <= tau.
Proof.
  intros Hx. pose proof (box_bounds M x t Hx). apply abs_le. unfold tau. rewrite <- tanh_odd.
  split; apply tanh_le; nra.
Qed.

(** c_m(n) = phi^n tanh(eps x_1) + rest, |rest| <= (n-1) eta tau *)
Lemma held x t : box M x ->
  Rabs (memory (run step (zero, zero) x (S t)) - phi ^ S t * tanh (eps * x 1%nat)) <= INR t * eta * tau.
Proof.
  intros Hx. pose proof phi_range as P. pose proof eta_pos as E.
  induction t as [|t IH]; rewrite run_S.
  - simpl run. destruct (units d K L eps zero zero (x 1%nat) Hd) as (_ & _ & -> & _). unfold zero. fold phi.
    replace (sigmoid (K - L * 0)) with phi by (unfold phi; f_equal; ring). apply abs_le. simpl. lra.
  - pose proof (gate x t) as G. pose proof (sigmoid_pos (K - L * fst (run step (zero, zero) x (S t)) 0%nat)) as Gp.
    destruct (run step (zero, zero) x (S t)) as [h c]. cbn [fst] in *. unfold memory in IH at 1; cbn [snd] in IH.
    destruct (units d K L eps h c (x (S (S t))) Hd) as (_ & _ & -> & _). fold phi.
    pose proof (input x (S (S t)) Hx) as I. rewrite S_INR. change (phi ^ S (S t)) with (phi * phi ^ S t).
    set (g := sigmoid (K - L * h 0%nat)) in *. set (u := tanh (eps * x (S (S t)))) in *.
    set (v := phi ^ S t * tanh (eps * x 1%nat)) in *.
    assert (0 <= tau) by (pose proof (Rabs_pos u); lra). apply abs_le_inv in I. apply abs_le_inv in IH.
    assert (U : - (eta * tau) <= g * u <= eta * tau).
    { assert (0 <= g * (u + tau)) by (apply Rmult_le_pos; lra). assert (0 <= g * (tau - u)) by (apply Rmult_le_pos; lra).
      assert (0 <= (eta - g) * tau) by (apply Rmult_le_pos; lra). lra. }
    pose proof (pos_INR t). assert (0 <= INR t * eta * tau) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra).
    set (r := INR t * eta * tau) in *. replace ((INR t + 1) * eta * tau) with (r + eta * tau) by (unfold r; ring).
    replace (phi * c 1%nat + g * u - phi * phi ^ S t * tanh (eps * x 1%nat)) with (phi * (c 1%nat - v) + g * u)
      by (unfold v; ring).
    apply abs_le. set (e := c 1%nat - v) in *. clearbody e r. nra.
Qed.

Lemma output x t : lstm_output d (C6_weights K L eps) x (S t) = phi / eps * tanh (memory (run step (zero, zero) x (S t))).
Proof.
  unfold lstm_output. change (lstm_start (C6_weights K L eps)) with (zero, zero).
  unfold C6_weights at 1; cbn [lstm_out]. weights. rewrite run_S.
  destruct (run step (zero, zero) x t) as [h c]. destruct (units d K L eps h c (x (S t)) Hd) as (_ & _ & _ & E).
  rewrite E. fold phi. unfold Rdiv. ring.
Qed.

(** With P = phi^n and q = (n-1) eta: what is shown of a memory near P tanh(eps x_1). *)
Lemma shortfall P q x1 c : 0 <= P <= 1 -> 0 <= q <= P -> - M <= x1 <= M ->
  Rabs (c - P * tanh (eps * x1)) <= q * tau ->
  x1 - phi / eps * tanh c <= M - phi / eps * (P - q) * tanh tau.
Proof.
  intros HP Hq Hx Hc. apply abs_le_inv in Hc. pose proof phi_range as F.
  assert (T : tanh (P * tau - q * tau) - tanh c <= P * tau - P * tanh (eps * x1)).
  { assert (tanh (eps * x1) <= tau) by (apply tanh_le; nra).
    destruct (Rle_lt_dec c (P * tau - q * tau)) as [A|A].
    - pose proof (tanh_slope _ _ A). lra.
    - pose proof (tanh_le _ _ (Rlt_le _ _ A)). nra. }
  assert (S : tau - tanh (eps * x1) <= eps * (M - x1)).
  { pose proof (tanh_slope (eps * x1) (eps * M) ltac:(nra)). unfold tau. lra. }
  assert (Tau : 0 <= tau) by (apply tanh_nonneg; nra).
  pose proof (tanh_concave (P - q) tau ltac:(lra) Tau) as C.
  replace ((P - q) * tau) with (P * tau - q * tau) in C by ring.
  assert (E : phi / eps * ((P - q) * tanh tau - tanh c) <= M - x1).
  { apply Rmult_le_reg_l with eps; [exact He|].
    replace (eps * (phi / eps * ((P - q) * tanh tau - tanh c))) with (phi * ((P - q) * tanh tau - tanh c)) by (field; lra).
    apply Rle_trans with (phi * (P * (tau - tanh (eps * x1)))); [apply Rmult_le_compat_l; lra|].
    assert (0 <= tau - tanh (eps * x1)) by (unfold tau; pose proof (tanh_le (eps * x1) (eps * M) ltac:(nra)); lra).
    assert (P * (tau - tanh (eps * x1)) <= tau - tanh (eps * x1)) by nra. nra. }
  lra.
Qed.

Lemma both P q x1 c : 0 <= P <= 1 -> 0 <= q <= P -> - M <= x1 <= M ->
  Rabs (c - P * tanh (eps * x1)) <= q * tau ->
  Rabs (phi / eps * tanh c - x1) <= M - phi / eps * (P - q) * tanh tau.
Proof.
  intros HP Hq Hx Hc. apply abs_le.
  pose proof (shortfall P q x1 c HP Hq Hx Hc).
  pose proof (shortfall P q (- x1) (- c) HP Hq ltac:(lra)) as S.
  replace (eps * - x1) with (- (eps * x1)) in S by ring. rewrite !tanh_odd in S.
  specialize (S ltac:(rewrite <- Rabs_Ropp; replace (- (- c - P * - tanh (eps * x1))) with (c - P * tanh (eps * x1)) by ring;
    exact Hc)).
  lra.
Qed.

Hypothesis Room : INR (N - 1) * eta <= phi ^ N.

Lemma upto : recalls_upto (C6_bound N M K L eps) (box M) N (lstm_output d (C6_weights K L eps)).
Proof.
  intros [|t] Hn x Hx; [lia|]. rewrite output.
  pose proof phi_range as F. pose proof eta_pos as E. pose proof (power_falls phi (S t) N F ltac:(lia)) as Falls.
  assert (Q : INR t <= INR (N - 1)) by (apply le_INR; lia). pose proof (pos_INR t) as T.
  assert (Tau : 0 <= tanh tau) by (apply tanh_nonneg, tanh_nonneg; nra).
  assert (P1 : phi ^ S t <= 1) by (rewrite <- (pow1 (S t)); apply pow_incr; lra).
  assert (P0 : 0 <= phi ^ S t) by (apply pow_le; lra).
  eapply Rle_trans; [apply (both (phi ^ S t) (INR t * eta) (x 1%nat))|].
  - lra.
  - split; [nra|]. apply Rle_trans with (INR (N - 1) * eta); [nra|lra].
  - now apply box_bounds.
  - now apply held.
  - unfold C6_bound. fold phi. fold eta. fold tau.
    assert (phi / eps * (phi ^ N - INR (N - 1) * eta) * tanh tau <= phi / eps * (phi ^ S t - INR t * eta) * tanh tau); [|lra].
    apply Rmult_le_compat_r; [exact Tau|]. apply Rmult_le_compat_l; [|nra].
    apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat].
Qed.
End bounds.

Theorem recalls : C6.
Proof. intros d N K L eps M Hd HK HL He HM Room. now apply upto. Qed.

(** Room and the bound at K, L with eta <= e^-K, and eps M = beta. *)
Theorem any : C6_any.
Proof.
  intros d N M delta Hd HM Hdelta. destruct N as [|m]; [exists 1, 1, 1; intros n Hn; lia|].
  set (beta := Rmin 1 (delta / (2 * M))).
  assert (B2 : 0 < delta / (2 * M)) by (apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; lra]).
  assert (B : 0 < beta <= 1) by (unfold beta; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Small : 2 * M * beta <= delta).
  { apply Rle_trans with (2 * M * (delta / (2 * M))); [|right; field; lra].
    apply Rmult_le_compat_l; [lra|apply Rmin_r]. }
  destruct (saturation (S m) beta ltac:(lia) B) as (K & HK & Sat).
  set (phi := sigmoid K). assert (P : 0 < phi < 1) by (split; [apply sigmoid_pos|apply sigmoid_lt_1]).
  assert (Up : 0 < tanh (phi * tanh K)).
  { assert (T : forall z, 0 < z -> 0 < tanh z) by (intros z Hz; unfold tanh; apply Rmult_lt_0_compat;
      [unfold sinh; pose proof (exp_increasing (- z) z ltac:(lra)); lra|apply Rinv_0_lt_compat, cosh_pos]).
    apply T, Rmult_lt_0_compat; [lra|]. now apply T. }
  set (L := 2 * K / (phi * tanh (phi * tanh K))).
  assert (HL : 0 < L) by (apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra]).
  assert (Eta : 0 < C6_eta K L <= exp (- K)).
  { split; [apply sigmoid_pos|]. unfold C6_eta. eapply Rle_trans; [apply sigmoid_exp|]. apply Req_le. f_equal.
    fold phi. unfold L. field. split; lra. }
  set (e := exp (- K)) in *. assert (E : 0 < e) by apply exp_pos.
  assert (Gap : 1 - e <= phi <= 1) by (pose proof (sigmoid_gap K); unfold phi, e in *; lra).
  pose proof (pos_INR m) as Hm. rewrite S_INR in Sat. assert (E1 : e <= 1) by nra.
  assert (Pow : forall n, 1 - INR n * e <= phi ^ n).
  { intros n. eapply Rle_trans; [apply (bernoulli e n ltac:(lra))|]. apply pow_incr. lra. }
  assert (Leak : INR m * C6_eta K L <= INR m * e) by (apply Rmult_le_compat_l; lra).
  assert (Room : INR (S m - 1) * C6_eta K L <= phi ^ S m).
  { replace (S m - 1)%nat with m by lia. specialize (Pow (S m)). rewrite S_INR in Pow. lra. }
  assert (HE : 0 < beta / M) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  exists K, L, (beta / M). intros n Hn. apply (recalls_less (C6_bound (S m) M K L (beta / M))).
  2: now apply (recalls d (S m) K L (beta / M) M Hd HK HL HE HM Room).
  unfold C6_bound. fold phi. replace (beta / M * M) with beta by (field; lra). replace (S m - 1)%nat with m by lia.
  set (h := phi ^ S m - INR m * C6_eta K L).
  assert (H1 : 1 - beta <= phi * h).
  { assert (Q : phi * phi ^ S m = phi ^ S (S m)) by reflexivity. unfold h. rewrite Rmult_minus_distr_l, Q.
    specialize (Pow (S (S m))). rewrite !S_INR in Pow.
    assert (0 <= INR m * C6_eta K L) by (apply Rmult_le_pos; lra).
    assert (phi * (INR m * C6_eta K L) <= INR m * e) by nra. nra. }
  assert (T : beta - 2 / 3 * beta ^ 3 <= tanh (tanh beta)).
  { pose proof (tanh_cube beta ltac:(lra)). pose proof (tanh_nonneg beta ltac:(lra)). pose proof (tanh_le_id beta ltac:(lra)).
    pose proof (tanh_cube (tanh beta) ltac:(lra)).
    assert (tanh beta ^ 3 <= beta ^ 3) by (apply pow_incr; lra). lra. }
  assert (T0 : 0 <= tanh (tanh beta)) by (apply tanh_nonneg, tanh_nonneg; lra).
  replace (phi / (beta / M) * h * tanh (tanh beta)) with (M / beta * (phi * h * tanh (tanh beta))) by (field; lra).
  assert (Main : (1 - beta) * (beta - 2 / 3 * beta ^ 3) <= phi * h * tanh (tanh beta)).
  { apply Rle_trans with ((1 - beta) * tanh (tanh beta)); [apply Rmult_le_compat_l; lra|].
    apply Rmult_le_compat_r; lra. }
  assert (M / beta * ((1 - beta) * (beta - 2 / 3 * beta ^ 3)) <= M / beta * (phi * h * tanh (tanh beta))).
  { apply Rmult_le_compat_l; [|exact Main]. left. apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; lra]. }
  replace (M / beta * ((1 - beta) * (beta - 2 / 3 * beta ^ 3))) with (M * ((1 - beta) * (1 - 2 / 3 * beta ^ 2))) in *
    by (field; lra).
  assert (1 - 2 * beta <= (1 - beta) * (1 - 2 / 3 * beta ^ 2)) by (simpl; nra).
  assert (M * (1 - 2 * beta) <= M * ((1 - beta) * (1 - 2 / 3 * beta ^ 2))) by (apply Rmult_le_compat_l; lra). lra.
Qed.
