(** C6 and C7 at given numbers: conditions without cancellation, which interval arithmetic decides at low precision. *)

From Coq Require Import Reals List ZArith Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis c6 c7.
Open Scope R_scope.

Lemma INR_Z n : (1 <= n)%Z -> INR (Z.to_nat n) = IZR n /\ INR (Z.to_nat n - 1) = IZR n - 1.
Proof.
  intros H. assert (E : INR (Z.to_nat n) = IZR n) by (rewrite INR_IZR_INZ, Z2Nat.id; [reflexivity|lia]).
  split; [exact E|]. rewrite minus_INR by lia. rewrite E. reflexivity.
Qed.

(** What is lost of z when it passes through tanh once or twice. *)
Lemma once z : 0 <= z -> z * (1 - z ^ 2 / 3) <= tanh z.
Proof. intros H. pose proof (tanh_cube z H). lra. Qed.

Lemma twice z : 0 <= z -> z * (1 - 2 / 3 * z ^ 2) <= tanh (tanh z).
Proof.
  intros H. pose proof (tanh_cube z H). pose proof (tanh_nonneg z H) as T. pose proof (tanh_le_id z H).
  pose proof (tanh_cube (tanh z) T). assert (tanh z ^ 3 <= z ^ 3) by (apply pow_incr; lra). lra.
Qed.

(** M - (1/eps) h t <= M (e + q) when 1 - e <= h and eps M (1 - q) <= t. *)
Lemma losses M eps h t e q : 0 < M -> 0 < eps -> 0 <= e <= 1 -> 0 <= q -> 0 <= t -> 1 - e <= h -> eps * M * (1 - q) <= t ->
  M - / eps * (h * t) <= M * (e + q).
Proof.
  intros HM He E Q T Hh Ht.
  assert (A : (1 - e) * (eps * M * (1 - q)) <= h * t).
  { apply Rle_trans with ((1 - e) * t); [apply Rmult_le_compat_l; lra|apply Rmult_le_compat_r; lra]. }
  apply Rmult_le_reg_l with eps; [exact He|].
  replace (eps * (M - / eps * (h * t))) with (eps * M - h * t) by (field; lra).
  assert (0 <= eps * M) by (apply Rmult_le_pos; lra). assert (0 <= eps * M * (e * q)) by (apply Rmult_le_pos; [lra|apply Rmult_le_pos; lra]).
  lra.
Qed.

Theorem lstm_certified d n K L eps M a tol : (2 <= d)%nat -> (1 <= n)%Z -> 0 < K -> 0 < L -> 0 < eps -> 0 < M ->
  a <= sigmoid K * tanh (sigmoid K * tanh K) ->
  (IZR n + 1) * exp (- K) + (IZR n - 1) * exp (K - L * a) <= 1 ->
  M * ((IZR n + 1) * exp (- K) + (IZR n - 1) * exp (K - L * a) + 2 / 3 * (eps * M) ^ 2) <= tol ->
  recalls_upto tol (box M) (Z.to_nat n) (lstm_output d (C6_weights K L eps)).
Proof.
  intros Hd Hn HK HL He HM Ha Small Tol. destruct (INR_Z n Hn) as [EN EN1]. set (N := Z.to_nat n) in *.
  set (f := exp (- K)) in *. assert (F : 0 < f) by apply exp_pos.
  assert (Eta : 0 < C6_eta K L <= exp (K - L * a)).
  { split; [apply sigmoid_pos|]. unfold C6_eta. eapply Rle_trans; [apply sigmoid_exp|]. apply exp_le.
    assert (L * a <= L * (sigmoid K * tanh (sigmoid K * tanh K))) by (apply Rmult_le_compat_l; lra). lra. }
  set (g := exp (K - L * a)) in *. set (phi := sigmoid K) in *.
  assert (Phi : 1 - f <= phi <= 1) by (pose proof (sigmoid_gap K); pose proof (sigmoid_lt_1 K); unfold phi, f in *; lra).
  assert (N1 : 1 <= IZR n) by (apply (IZR_le 1); exact Hn).
  assert (G0 : 0 <= (IZR n - 1) * g) by (apply Rmult_le_pos; [lra|lra]).
  assert (F0 : 0 <= IZR n * f) by (apply Rmult_le_pos; lra).
  assert (Leak : 0 <= INR (N - 1) * C6_eta K L <= (IZR n - 1) * g).
  { rewrite EN1. split; [apply Rmult_le_pos; lra|apply Rmult_le_compat_l; lra]. }
  assert (Pow : forall m, 1 - INR m * f <= phi ^ m).
  { intros m. eapply Rle_trans; [apply (bernoulli f m); lra|]. apply pow_incr. lra. }
  intros m Hm. apply (recalls_less (C6_bound N M K L eps)).
  - unfold C6_bound. fold phi. set (h := phi ^ N - INR (N - 1) * C6_eta K L).
    replace (phi / eps * h * tanh (tanh (eps * M))) with (/ eps * ((phi * h) * tanh (tanh (eps * M)))) by (field; lra).
    assert (Z : 0 <= eps * M) by (apply Rmult_le_pos; lra).
    eapply Rle_trans; [|exact Tol]. apply losses; try assumption.
    + lra.
    + pose proof (pow2_ge_0 (eps * M)). lra.
    + now apply tanh_nonneg, tanh_nonneg.
    + unfold h. rewrite Rmult_minus_distr_l. change (phi * phi ^ N) with (phi ^ S N). specialize (Pow (S N)).
      rewrite S_INR, EN in Pow. assert (phi * (INR (N - 1) * C6_eta K L) <= (IZR n - 1) * g) by nra. lra.
    + now apply twice.
  - apply (c6.recalls d N K L eps M Hd HK HL He HM); [|exact Hm].
    fold phi. specialize (Pow N). rewrite EN in Pow. lra.
Qed.

Theorem gru_certified after keeps d n K L eps M a tol : (2 <= d)%nat -> (1 <= n)%Z -> 0 < K -> 0 < L -> 0 < eps -> 0 < M ->
  a <= sigmoid L * tanh L ->
  exp (- K) + 2 * (IZR n - 1) * exp (K - L * a) <= 1 ->
  M * (exp (- K) + 2 * (IZR n - 1) * exp (K - L * a) + (eps * M) ^ 2 / 3) <= tol ->
  recalls_upto tol (box M) (Z.to_nat n) (gru_output after keeps d (C7_weights keeps K L eps)).
Proof.
  intros Hd Hn HK HL He HM Ha Small Tol. destruct (INR_Z n Hn) as [EN EN1]. set (N := Z.to_nat n) in *.
  set (f := exp (- K)) in *. assert (F : 0 < f) by apply exp_pos. set (g := exp (K - L * a)) in *.
  assert (G : 0 < g) by apply exp_pos. assert (N1 : 1 <= IZR n) by (apply (IZR_le 1); exact Hn).
  set (phi := sigmoid K). set (kappa := sigmoid (L * sigmoid L * tanh L - K)).
  assert (Phi : 1 - f <= phi <= 1) by (pose proof (sigmoid_gap K); pose proof (sigmoid_lt_1 K); unfold phi, f in *; lra).
  assert (Kap : 1 - g <= kappa).
  { pose proof (sigmoid_gap (L * sigmoid L * tanh L - K)).
    assert (exp (- (L * sigmoid L * tanh L - K)) <= g).
    { apply exp_le. assert (L * a <= L * (sigmoid L * tanh L)) by (apply Rmult_le_compat_l; lra). lra. }
    unfold kappa. lra. }
  assert (G0 : 0 <= (IZR n - 1) * g) by (apply Rmult_le_pos; lra).
  assert (Pow : 1 - (IZR n - 1) * g <= kappa ^ (N - 1)).
  { rewrite <- EN1. destruct (Rle_lt_dec g 1) as [G1|G1].
    - eapply Rle_trans; [apply (bernoulli g (N - 1)); lra|]. apply pow_incr. lra.
    - rewrite EN1. assert (0 <= kappa ^ (N - 1)) by (apply pow_le; left; apply sigmoid_pos).
      destruct (Nat.eq_dec (N - 1) 0) as [E0|E0]; [rewrite E0; simpl; lra|].
      assert (1 <= INR (N - 1)) by (apply (le_INR 1); lia). rewrite EN1 in *. nra. }
  intros m Hm. apply (recalls_less (C7_bound N M K L eps)); [|now apply (c7.recalls after keeps d N K L eps M Hd HK HL He HM)].
  unfold C7_bound. fold phi. fold kappa. set (h := (1 + phi) * kappa ^ (N - 1) - 1).
  replace (/ eps * tanh (eps * M) * h) with (/ eps * (h * tanh (eps * M))) by ring.
  assert (Z : 0 <= eps * M) by (apply Rmult_le_pos; lra).
  eapply Rle_trans; [|exact Tol]. apply losses; try assumption.
  - lra.
  - pose proof (pow2_ge_0 (eps * M)). lra.
  - now apply tanh_nonneg.
  - unfold h. assert (R : f + 2 * ((IZR n - 1) * g) <= 1) by lra.
    replace (2 * (IZR n - 1) * g) with (2 * ((IZR n - 1) * g)) by ring. set (r := (IZR n - 1) * g) in *.
    assert ((2 - f) * (1 - r) <= (1 + phi) * kappa ^ (N - 1)) by (apply Rmult_le_compat; lra). nra.
  - now apply once.
Qed.
