(** Constructions at given numbers: conditions without cancellation, which interval arithmetic decides at low precision, and
    weights as certificates list them. *)

From Coq Require Import Reals List ZArith Lra Lia Psatz FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis line c2 c4a c4b c5 c6 c7.
Import ListNotations.
Open Scope R_scope.

Lemma INR_Z n : (1 <= n)%Z -> INR (Z.to_nat n) = IZR n /\ INR (Z.to_nat n - 1) = IZR n - 1.
Proof.
  intros H. assert (E : INR (Z.to_nat n) = IZR n) by (rewrite INR_IZR_INZ, Z2Nat.id; [reflexivity|lia]).
  split; [exact E|]. rewrite minus_INR by lia. rewrite E. reflexivity.
Qed.

(** What is lost of z when it passes through tanh. *)
Lemma once z : 0 <= z -> z * (1 - z ^ 2 / 3) <= tanh z.
Proof. intros H. pose proof (tanh_cube z H). lra. Qed.

(** M - (1/eps) h t <= M (e + q) when 1 - e <= h and eps M (1 - q) <= t. *)
Lemma losses M eps h t e q : 0 < M -> 0 < eps -> 0 <= e <= 1 -> 0 <= q -> 0 <= t -> 1 - e <= h -> eps * M * (1 - q) <= t ->
  M - / eps * (h * t) <= M * (e + q).
Proof.
  intros HM He E Q T Hh Ht.
  assert (A : (1 - e) * (eps * M * (1 - q)) <= h * t).
  { apply Rle_trans with ((1 - e) * t); [apply Rmult_le_compat_l; lra|apply Rmult_le_compat_r; lra]. }
  apply Rmult_le_reg_l with eps; [exact He|].
  replace (eps * (M - / eps * (h * t))) with (eps * M - h * t) by (field; lra).
  assert (0 <= eps * M) by (apply Rmult_le_pos; lra).
  assert (0 <= eps * M * (e * q)) by (apply Rmult_le_pos; [lra|apply Rmult_le_pos; lra]).
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

(** * The line of tanh units: C4a and C5 *)

(** What n times tanh take of z, q = n z^2 (2/3 + z^2/15): 1 - 1/sqrt(1 + q) without the difference. *)
Definition lost (q : R) : R := q / (1 + q + sqrt (1 + q)).

Lemma kept_lost N z : 0 <= z -> 1 - kept N z = lost (INR N * z ^ 2 * (2 / 3 + z ^ 2 / 15)).
Proof.
  intros Hz. pose proof (pos_INR N) as P. unfold kept, lost. set (q := INR N * z ^ 2 * (2 / 3 + z ^ 2 / 15)).
  assert (Q : 0 <= q).
  { unfold q. pose proof (pow2_ge_0 z). apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra]. }
  assert (S : 0 < sqrt (1 + q)) by (apply sqrt_lt_R0; lra).
  assert (E : sqrt (1 + q) * sqrt (1 + q) = 1 + q) by (apply sqrt_sqrt; lra).
  set (s := sqrt (1 + q)) in *. clearbody s. replace q with (s * s - 1) by lra. field. split; nra.
Qed.

Lemma far_tanh b : 1 - tanh b <= 2 * exp (- (2 * b)).
Proof.
  rewrite tanh_exp, exp_Ropp. pose proof (exp_pos (2 * b)) as P.
  replace (1 - (1 - 2 / (1 + exp (2 * b)))) with (2 * / (1 + exp (2 * b))) by (field; lra).
  apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra.
Qed.

Lemma edge_small a z : 0 <= z <= a -> tanh a - tanh (a - z) <= z * (4 * exp (- (2 * (a - z)))).
Proof.
  intros Hz. set (b := a - z). replace a with (b + z) by (unfold b; ring).
  pose proof (grows (fun t => t * (1 - tanh b * tanh b) - tanh (b + t))
    (fun t => (1 - tanh b * tanh b) - (1 - tanh (b + t) * tanh (b + t))) 0 z ltac:(lra)) as G.
  cbv beta in G. rewrite Rplus_0_r in G. pose proof (tanh_nonneg b ltac:(unfold b; lra)) as Tb. pose proof (tanh_bounds b).
  assert (D : tanh (b + z) - tanh b <= z * (1 - tanh b * tanh b)).
  { enough (0 * (1 - tanh b * tanh b) - tanh b <= z * (1 - tanh b * tanh b) - tanh (b + z)) by lra. apply G.
    - intros t _. evar_last.
      + apply (is_derive_minus (fun t => t * (1 - tanh b * tanh b)) (fun t => tanh (b + t))).
        * auto_derive; trivial.
        * apply (is_derive_comp tanh (fun t => b + t)); [apply is_derive_tanh|auto_derive; trivial].
      + unfold minus, plus, opp, scal, mult; simpl; unfold mult; simpl. ring.
    - intros t Ht. pose proof (tanh_le b (b + t) ltac:(lra)). nra. }
  eapply Rle_trans; [exact D|]. apply Rmult_le_compat_l; [lra|]. pose proof (far_tanh b). nra.
Qed.

Lemma line_loss N n eps M q : INR N = IZR n -> 0 < eps -> 0 < M -> q = IZR n * (eps * M) ^ 2 * (2 / 3 + (eps * M) ^ 2 / 15) ->
  M * (1 - kept N (eps * M)) <= M * lost q.
Proof. intros E He HM ->. rewrite kept_lost, E by nra. lra. Qed.

Lemma leak_loss n eps M a b : 0 < eps -> 0 < M -> 0 <= n -> eps * M <= a -> a <= b ->
  n * (tanh b - tanh (b - eps * M)) / eps <= M * (n * (4 * exp (- (2 * (a - eps * M))))).
Proof.
  intros He HM Hn Ha Hb. assert (Z : 0 <= eps * M) by nra. pose proof (edge_small b (eps * M) ltac:(lra)) as E.
  pose proof (exp_le (- (2 * (b - eps * M))) (- (2 * (a - eps * M))) ltac:(lra)) as X. pose proof (exp_pos (- (2 * (b - eps * M)))).
  apply Rmult_le_reg_r with eps; [exact He|].
  replace (n * (tanh b - tanh (b - eps * M)) / eps * eps) with (n * (tanh b - tanh (b - eps * M))) by (field; lra).
  replace (M * (n * (4 * exp (- (2 * (a - eps * M))))) * eps) with (n * (eps * M * (4 * exp (- (2 * (a - eps * M)))))) by ring.
  apply Rmult_le_compat_l; [exact Hn|]. eapply Rle_trans; [exact E|]. apply Rmult_le_compat_l; lra.
Qed.

Theorem tanh_certified d n B eps M a q tol : (4 <= d)%nat -> (1 <= n)%Z -> 0 < B -> 0 < eps -> 0 < M -> eps * M <= a ->
  q = IZR n * (eps * M) ^ 2 * (2 / 3 + (eps * M) ^ 2 / 15) -> a <= B * tanh B ->
  M * lost q + M * ((IZR n - 1) * (4 * exp (- (2 * (a - eps * M))))) <= tol ->
  recalls_upto tol (box M) (Z.to_nat n) (tanh_output d (C5_weights B eps)).
Proof.
  intros Hd Hn HB He HM Ea Eq Ha Tol. destruct (INR_Z n Hn) as [EN EN1]. assert (N1 : 1 <= IZR n) by (apply (IZR_le 1); exact Hn).
  intros m Hm. apply (recalls_less (C5_bound (Z.to_nat n) M eps B)); [|now apply (c5.tanh_recalls d (Z.to_nat n))].
  eapply Rle_trans; [|exact Tol]. unfold C5_bound. rewrite EN1.
  apply Rplus_le_compat; [now apply (line_loss _ n)|apply leak_loss; lra].
Qed.

Theorem sigmoid_certified d n B eps M a q tol : (4 <= d)%nat -> (1 <= n)%Z -> 0 < B -> 0 < eps -> 0 < M -> eps * M <= a ->
  q = IZR n * (eps * M) ^ 2 * (2 / 3 + (eps * M) ^ 2 / 15) -> a <= B * (1 + tanh B) ->
  M * lost q + M * ((IZR n - 1) * (4 * exp (- (2 * (a - eps * M)))))
    + (IZR n - 1) * exp (- (2 * B)) / eps <= tol ->
  recalls_upto tol (box M) (Z.to_nat n) (sigmoid_output d (C5_sigmoid_weights B eps)).
Proof.
  intros Hd Hn HB He HM Ea Eq Ha Tol. destruct (INR_Z n Hn) as [EN EN1]. assert (N1 : 1 <= IZR n) by (apply (IZR_le 1); exact Hn).
  intros m Hm. apply (recalls_less (C5_sigmoid_bound (Z.to_nat n) M eps B)); [|now apply (c5.sigmoid_recalls d (Z.to_nat n))].
  eapply Rle_trans; [|exact Tol]. unfold C5_sigmoid_bound. rewrite EN1. set (b := B * (1 + tanh B)).
  set (f := sigmoid (- (2 * B))). pose proof (sigmoid_exp (- (2 * B))) as Q. fold f in Q.
  replace ((IZR n - 1) * (tanh b - tanh (b - eps * M) + f) / eps)
    with ((IZR n - 1) * (tanh b - tanh (b - eps * M)) / eps + (IZR n - 1) * f / eps) by (field; lra). rewrite <- Rplus_assoc.
  apply Rplus_le_compat; [apply Rplus_le_compat; [now apply (line_loss _ n)|apply leak_loss; try lra; exact Ha]|].
  apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. apply Rmult_le_compat_l; lra.
Qed.

Theorem register_certified d n eps M q tol : (Z.to_nat n <= d)%nat -> (1 <= n)%Z -> 0 < eps -> 0 < M ->
  q = IZR n * (eps * M) ^ 2 * (2 / 3 + (eps * M) ^ 2 / 15) -> M * lost q <= tol ->
  recalls_at tol (box M) (Z.to_nat n) (tanh_output d (C4a_weights (Z.to_nat n) eps)) /\
  recalls_at tol (box M) (Z.to_nat n) (sigmoid_output d (C4a_sigmoid_weights (Z.to_nat n) eps)).
Proof.
  intros Hd Hn He HM Eq Tol. destruct (INR_Z n Hn) as [EN _].
  assert (L : M * (1 - kept (Z.to_nat n) (eps * M)) <= tol) by (eapply Rle_trans; [apply (line_loss _ n _ _ q);
    assumption|exact Tol]).
  split; apply (recalls_less _ _ _ _ _ L); [apply c4a.tanh_recalls|apply c4a.sigmoid_recalls]; try assumption; lia.
Qed.

(** * Exploding units: C2 and C4b *)

Theorem linear_certified d n lambda M tol : (1 <= d)%nat -> (1 <= n)%nat -> 1 < lambda -> 0 < M -> M <= tol * (lambda - 1) ->
  recalls_at tol (box M) n (linear_output d (C2_weights lambda n)).
Proof.
  intros Hd Hn Hl HM Tol x Hx. destruct (c2.explodes d n lambda M Hd Hn Hl ltac:(lra)) as [Upper _].
  eapply Rle_trans; [apply Upper; now exists x|]. assert (P : 0 < / lambda ^ (n - 1)) by (apply Rinv_0_lt_compat, pow_lt; lra).
  apply Rmult_le_reg_r with (lambda - 1); [lra|].
  replace (M * (1 - / lambda ^ (n - 1)) / (lambda - 1) * (lambda - 1)) with (M * (1 - / lambda ^ (n - 1))) by (field; split;
    [apply pow_nonzero|]; lra).
  nra.
Qed.

Theorem exploding_certified d n lambda eps M tol : (1 <= d)%nat -> (1 <= n)%nat -> 1 < lambda -> 0 < eps -> 0 < M ->
  M / (lambda - 1) + eps ^ 2 * M ^ 3 * lambda ^ 3 * lambda ^ (2 * n) / (3 * (lambda - 1) ^ 4 * (lambda + 1)) <= tol ->
  recalls_at tol (box M) n (tanh_output d (C4b_weights lambda eps n)).
Proof.
  intros Hd Hn Hl He HM Tol. apply (recalls_less (C4b_bound n M lambda eps)); [|now apply c4b.explodes].
  eapply Rle_trans; [|exact Tol]. unfold C4b_bound. cbv zeta.
  assert (P : 0 < / lambda ^ (n - 1)) by (apply Rinv_0_lt_compat, pow_lt; lra).
  assert (Mu : 0 < / (lambda - 1)) by (apply Rinv_0_lt_compat; lra). apply Rplus_le_compat.
  - apply Rmult_le_compat_r; [lra|]. nra.
  - apply Rmult_le_compat_r.
    + left. apply Rinv_0_lt_compat. assert (0 < (lambda - 1) ^ 4) by (apply pow_lt; lra). nra.
    + apply Rmult_le_compat_l; [|lra]. repeat apply Rmult_le_pos; try apply pow_le; lra.
Qed.

(** * Weights of registers as lists *)

Lemma shift_listed (c : R) n : mat (map (fun j => (S j, j, c)) (seq 0 (n - 1))) =
  fun k j => if (Nat.eqb k (S j) && Nat.ltb k n)%bool then c else 0.
Proof.
  assert (H : forall m a k j, mat (map (fun j => (S j, j, c)) (seq a m)) k j =
    if (Nat.eqb k (S j) && (Nat.leb a j && Nat.ltb j (a + m)))%bool then c else 0).
  { induction m as [|m IH]; intros a k j; cbn [seq map mat].
    - destruct (Nat.eqb k (S j)), (Nat.leb_spec a j), (Nat.ltb_spec j (a + 0)); try lia; reflexivity.
    - rewrite IH. destruct (Nat.eqb_spec k (S j)), (Nat.eqb_spec k (S a)), (Nat.eqb_spec j a), (Nat.leb_spec a j),
        (Nat.leb_spec (S a) j),
        (Nat.ltb_spec j (a + S m)), (Nat.ltb_spec j (S a + m)); try lia; cbn [andb]; lra. }
  extensionality k. extensionality j. rewrite H.
  destruct (Nat.eqb_spec k (S j)), (Nat.leb_spec 0 j), (Nat.ltb_spec j (0 + (n - 1))), (Nat.ltb_spec k n); try lia; reflexivity.
Qed.

Lemma later_listed (c : R) n : vec (map (fun k => (k, c)) (seq 1 (n - 1))) =
  fun k => if (Nat.ltb 0 k && Nat.ltb k n)%bool then c else 0.
Proof.
  assert (H : forall m a k, vec (map (fun k => (k, c)) (seq a m)) k = if (Nat.leb a k && Nat.ltb k (a + m))%bool then c else 0).
  { induction m as [|m IH]; intros a k; cbn [seq map vec].
    - destruct (Nat.leb_spec a k), (Nat.ltb_spec k (a + 0)); try lia; reflexivity.
    - rewrite IH. destruct (Nat.eqb_spec k a), (Nat.leb_spec a k), (Nat.leb_spec (S a) k), (Nat.ltb_spec k (a + S m)),
        (Nat.ltb_spec k (S a + m));
        try lia; cbn [andb]; lra. }
  extensionality k. rewrite H. destruct (Nat.leb_spec 1 k), (Nat.ltb_spec 0 k), (Nat.ltb_spec k (1 + (n - 1))),
    (Nat.ltb_spec k n); try lia; reflexivity.
Qed.
