(** C5: the tanh and the sigmoid RNN recall their first input up to N, with the closed-form bounds. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis line.
Open Scope R_scope.

Lemma units d B eps h x : (4 <= d)%nat ->
  let s := elman_step tanh d (C5_weights B eps) h x in
  s 0%nat = tanh B /\ s 1%nat = tanh (eps * x + B * h 0%nat) /\ s 2%nat = tanh (B * h 0%nat) /\
  s 3%nat = tanh (h 3%nat + h 1%nat - h 2%nat).
Proof. intros Hd. unfold elman_step, C5_weights; cbn [elman_h]; weights. repeat split; arguments. Qed.

Lemma readout_value d B eps x n : (4 <= d)%nat ->
  let h := run (elman_step tanh d (C5_weights B eps)) zero x n in
  tanh_output d (C5_weights B eps) x n = (h 3%nat + h 1%nat - h 2%nat) / eps.
Proof.
  intros Hd. unfold tanh_output, elman_output. change (elman_start (C5_weights B eps)) with zero.
  unfold C5_weights at 1; cbn [elman_out]. weights. unfold Rdiv. ring.
Qed.

Lemma edge_nonneg a delta : 0 <= a -> 0 <= delta -> 0 <= tanh a - tanh (a - delta).
Proof. intros. pose proof (tanh_le (a - delta) a ltac:(lra)). lra. Qed.

Theorem tanh_recalls : C5.
Proof.
  intros d N eps B M Hd He HB HM n Hn x Hx. rewrite readout_value by exact Hd. unfold C5_bound.
  set (a := B * tanh B). set (step := elman_step tanh d (C5_weights B eps)).
  assert (Ha : 0 <= a) by (unfold a; pose proof (tanh_nonneg B ltac:(lra)); nra).
  apply (latch_error (fun t => run step zero x t 3%nat + run step zero x t 1%nat - run step zero x t 2%nat));
    try assumption; try (now apply box_bounds).
  - apply edge_nonneg; [exact Ha|nra].
  - simpl run. destruct (units d B eps zero (x 1%nat) Hd) as (_ & E1 & E2 & E3).
    unfold step. rewrite E1, E2, E3. unfold zero. replace (0 + 0 - 0) with 0 by ring.
    replace (eps * x 1%nat + B * 0) with (eps * x 1%nat) by ring. rewrite Rmult_0_r, tanh_0. ring.
  - intros [|t] Ht; [lia|]. rewrite (run_S step zero x (S t)).
    destruct (units d B eps (run step zero x (S t)) (x (S (S t))) Hd) as (_ & E1 & E2 & E3).
    unfold step in *. rewrite E1, E2, E3. clear E1 E2 E3.
    replace (run (elman_step tanh d (C5_weights B eps)) zero x (S t) 0%nat) with (tanh B)
      by (rewrite run_S; now destruct (units d B eps (run (elman_step tanh d (C5_weights B eps)) zero x t)
        (x (S t)) Hd) as (-> & _)).
    fold a. set (u := tanh (_ + _ - _)).
    replace (u + tanh (eps * x (S (S t)) + a) - tanh a - u) with (tanh (eps * x (S (S t)) + a) - tanh a) by ring.
    apply edge; [exact Ha|]. rewrite Rabs_mult, Rabs_pos_eq by lra. apply Rmult_le_compat_l; [lra|apply Hx].
Qed.

(** The sigmoid RNN in u = 2h - 1. *)
Lemma sigmoid_units d B eps h x : (4 <= d)%nat ->
  let s := elman_step sigmoid d (C5_sigmoid_weights B eps) h x in
  s 0%nat = (1 + tanh B) / 2 /\ s 1%nat = (1 + tanh (eps * x + 2 * B * h 0%nat)) / 2 /\
  s 2%nat = (1 + tanh (2 * B * h 0%nat)) / 2 /\
  s 3%nat = (1 + tanh (2 * (h 3%nat + h 1%nat - h 2%nat) - h 0%nat)) / 2.
Proof.
  intros Hd. rewrite <- !sigmoid_tanh. unfold elman_step, C5_sigmoid_weights; cbn [elman_h]; weights.
  repeat split; f_equal; ring.
Qed.

Lemma sigmoid_readout d B eps x n : (4 <= d)%nat ->
  let h := run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x n in
  sigmoid_output d (C5_sigmoid_weights B eps) x n = (2 * (h 3%nat + h 1%nat - h 2%nat) - 1) / eps.
Proof.
  intros Hd. unfold sigmoid_output, elman_output. change (elman_start (C5_sigmoid_weights B eps)) with zero.
  unfold C5_sigmoid_weights at 1; cbn [elman_out]. weights. unfold Rdiv. ring.
Qed.

Theorem sigmoid_recalls : C5_sigmoid.
Proof.
  intros d N eps B M Hd He HB HM n Hn x Hx. rewrite sigmoid_readout by exact Hd. unfold C5_sigmoid_bound.
  set (a := B * (1 + tanh B)). set (q := sigmoid (- (2 * B))). set (step := elman_step sigmoid d (C5_sigmoid_weights B eps)).
  assert (Ha : 0 <= a) by (unfold a; pose proof (tanh_nonneg B ltac:(lra)); nra).
  assert (Hq : q = (1 - tanh B) / 2).
  { unfold q. replace (- (2 * B)) with (2 * - B) by ring. rewrite sigmoid_tanh, tanh_odd. field. }
  assert (Q : 0 < q) by apply sigmoid_pos.
  apply (latch_error (fun t => 2 * (run step zero x t 3%nat + run step zero x t 1%nat - run step zero x t 2%nat) - 1));
    try assumption; try (now apply box_bounds).
  - pose proof (edge_nonneg a (eps * M) Ha ltac:(nra)). lra.
  - simpl run. destruct (sigmoid_units d B eps zero (x 1%nat) Hd) as (_ & E1 & E2 & E3).
    unfold step. rewrite E1, E2, E3. unfold zero. replace (2 * (0 + 0 - 0) - 0) with 0 by ring.
    replace (eps * x 1%nat + 2 * B * 0) with (eps * x 1%nat) by ring. rewrite Rmult_0_r, tanh_0. field.
  - intros [|t] Ht; [lia|]. rewrite (run_S step zero x (S t)).
    destruct (sigmoid_units d B eps (run step zero x (S t)) (x (S (S t))) Hd) as (_ & E1 & E2 & E3).
    unfold step in *. rewrite E1, E2, E3. clear E1 E2 E3.
    assert (F : run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x (S t) 0%nat = (1 + tanh B) / 2)
      by (rewrite run_S; now destruct (sigmoid_units d B eps (run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x t)
        (x (S t)) Hd) as (-> & _)).
    rewrite F. replace (2 * B * ((1 + tanh B) / 2)) with a by (unfold a; field).
    set (h := run (elman_step sigmoid d (C5_sigmoid_weights B eps)) zero x (S t)) in *.
    set (m := 2 * (h 3%nat + h 1%nat - h 2%nat)). replace (m - (1 + tanh B) / 2) with ((m - 1) + q) by (rewrite Hq; field).
    pose proof (tanh_lipschitz (m - 1 + q) (m - 1)) as T. replace (m - 1 + q - (m - 1)) with q in T by ring.
    rewrite (Rabs_pos_eq q) in T by lra.
    assert (G : Rabs (tanh (eps * x (S (S t)) + a) - tanh a) <= tanh a - tanh (a - eps * M)).
    { apply edge; [exact Ha|]. rewrite Rabs_mult, Rabs_pos_eq by lra. apply Rmult_le_compat_l; [lra|apply Hx]. }
    apply abs_le_inv in T. apply abs_le_inv in G. apply abs_le. lra.
Qed.

(** * Sizes for every N, M and tolerance *)

Lemma kept_above n z : 0 <= z <= 1 -> 1 - INR n * z <= kept n z.
Proof.
  intros Hz. pose proof (pos_INR n) as P. unfold kept. set (q := INR n * z ^ 2 * (2 / 3 + z ^ 2 / 15)).
  assert (Z2 : 0 <= z ^ 2 <= 1) by nra. assert (NZ : 0 <= INR n * z) by (apply Rmult_le_pos; lra).
  assert (Q : 0 <= q <= INR n * z).
  { unfold q. replace (INR n * z ^ 2 * (2 / 3 + z ^ 2 / 15)) with (INR n * z * (z * (2 / 3 + z ^ 2 / 15))) by ring.
    assert (0 <= z * (2 / 3 + z ^ 2 / 15) <= 1) by nra. split; [apply Rmult_le_pos; lra|].
    apply Rle_trans with (INR n * z * 1); [apply Rmult_le_compat_l; lra|lra]. }
  assert (S : 1 <= sqrt (1 + q) <= 1 + q).
  { split; [rewrite <- sqrt_1 at 1; apply sqrt_le_1; lra|]. rewrite <- (sqrt_Rsqr (1 + q)) at 2 by lra.
    apply sqrt_le_1; unfold Rsqr; nra. }
  apply Rmult_le_reg_r with (sqrt (1 + q)); [lra|]. rewrite Rinv_l by lra.
  destruct (Rle_lt_dec 0 (1 - INR n * z)); nra.
Qed.

(** A saturation beyond which a unit lacks at most r. *)
Lemma saturated r : 0 < r <= 1 -> exists K, 0 < K /\ forall a, K <= a -> 1 - tanh a <= r /\ sigmoid (- a) <= r.
Proof.
  intros Hr. destruct (saturation 1 r ltac:(lia) Hr) as (K & HK & S). simpl in S. exists K. split; [exact HK|].
  intros a Ha. pose proof (exp_le (- a) (- K) ltac:(lra)) as E. split.
  - rewrite tanh_exp. pose proof (exp_pos a) as P. pose proof (exp_pos (2 * a)) as P2.
    assert (G : exp (- a) * exp a = 1) by (rewrite <- exp_plus, Rplus_opp_l; apply exp_0).
    assert (exp a <= exp (2 * a)) by (apply exp_le; lra).
    apply Rle_trans with (2 * exp (- a)); [|lra].
    apply Rmult_le_reg_r with (1 + exp (2 * a)); [lra|].
    replace ((1 - (1 - 2 / (1 + exp (2 * a)))) * (1 + exp (2 * a))) with 2 by (field; lra).
    pose proof (exp_pos (- a)). nra.
  - pose proof (sigmoid_exp (- a)). pose proof (exp_pos (- a)). lra.
Qed.

Lemma sizes N M delta : 0 < M -> 0 < delta -> exists B eps, 0 < B /\ 0 < eps /\
  C5_bound N M eps B <= delta /\ C5_sigmoid_bound N M eps B <= delta.
Proof.
  intros HM Hd. pose proof (pos_INR N) as P. set (n := INR N + 1). assert (N1 : 0 < n) by (unfold n; lra).
  assert (P' : 0 <= INR (N - 1) <= n) by (split; [apply pos_INR|unfold n; pose proof (le_INR (N - 1) N ltac:(lia)); lra]).
  set (z := Rmin 1 (delta / (2 * M * n))). assert (MN : 0 < 2 * M * n) by (unfold n; nra).
  assert (Q : 0 < delta / (2 * M * n)) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  assert (Z : 0 < z <= 1) by (unfold z; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Small : 2 * M * n * z <= delta).
  { apply Rle_trans with (2 * M * n * (delta / (2 * M * n))); [|right; field; split; lra].
    apply Rmult_le_compat_l; [lra|apply Rmin_r]. }
  set (eps := z / M). assert (E : 0 < eps) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  assert (EM : eps * M = z) by (unfold eps; field; lra).
  set (r := Rmin 1 (delta * eps / (4 * n))). assert (N4 : 0 < 4 * n) by (unfold n; lra).
  assert (DE : 0 < delta * eps / (4 * n)) by (apply Rmult_lt_0_compat; [nra|now apply Rinv_0_lt_compat]).
  assert (R1 : 0 < r <= 1) by (unfold r; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Leak : 4 * n * r <= delta * eps).
  { apply Rle_trans with (4 * n * (delta * eps / (4 * n))); [|right; field; lra].
    apply Rmult_le_compat_l; [lra|apply Rmin_r]. }
  destruct (saturated r R1) as (K & HK & Sat).
  assert (T1 : 0 < tanh 1) by (apply tanh_pos; lra).
  assert (KT : 0 < (K + 1) / tanh 1) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  set (B := K + 1 + (K + 1) / tanh 1). assert (HB : K + 1 <= B) by (unfold B; lra).
  pose proof (tanh_le 1 B ltac:(lra)) as TB. pose proof (tanh_bounds B).
  assert (Far : K + 1 <= B * tanh B).
  { apply Rle_trans with ((K + 1) / tanh 1 * tanh 1); [right; field; lra|]. unfold B in *. nra. }
  assert (Line : M * (1 - kept N (eps * M)) <= delta / 2).
  { rewrite EM. pose proof (kept_above N z ltac:(lra)).
  assert (M * (1 - kept N z) <= M * (INR N * z)) by (apply Rmult_le_compat_l; lra).
    assert (M * (INR N * z) <= M * (n * z)) by (apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat_r; unfold n; lra). lra. }
  assert (Rest : forall leak, leak <= 2 * r -> INR (N - 1) * leak / eps <= delta / 2).
  { intros leak Hl. apply Rmult_le_reg_r with eps; [exact E|].
    replace (INR (N - 1) * leak / eps * eps) with (INR (N - 1) * leak) by (field; lra).
    apply Rle_trans with (INR (N - 1) * (2 * r)); [apply Rmult_le_compat_l; lra|].
    apply Rle_trans with (n * (2 * r)); [apply Rmult_le_compat_r; lra|lra]. }
  assert (Edge : forall a, K + 1 <= a -> tanh a - tanh (a - eps * M) <= r).
  { intros a Ha. destruct (Sat (a - eps * M) ltac:(lra)) as [S _]. pose proof (tanh_bounds a). lra. }
  exists B, eps. split; [lra|]. split; [exact E|]. split.
  - unfold C5_bound. pose proof (Rest (tanh (B * tanh B) - tanh (B * tanh B - eps * M)) ltac:(pose proof (Edge _ Far); lra)). lra.
  - unfold C5_sigmoid_bound. pose proof (Edge (B * (1 + tanh B)) ltac:(lra)) as G.
    destruct (Sat (2 * B) ltac:(lra)) as [_ S].
    pose proof (Rest (tanh (B * (1 + tanh B)) - tanh (B * (1 + tanh B) - eps * M) + sigmoid (- (2 * B))) ltac:(lra)). lra.
Qed.

Theorem tanh_any : C5_any.
Proof.
  intros d N M delta Hd HM Hdelta. destruct (sizes N M delta HM Hdelta) as (B & eps & HB & He & Bound & _).
  exists B, eps. intros n Hn. exact (recalls_less _ _ _ _ _ Bound (tanh_recalls d N eps B M Hd He HB HM n Hn)).
Qed.

Theorem sigmoid_any : C5_sigmoid_any.
Proof.
  intros d N M delta Hd HM Hdelta. destruct (sizes N M delta HM Hdelta) as (B & eps & HB & He & _ & Bound).
  exists B, eps. intros n Hn. exact (recalls_less _ _ _ _ _ Bound (sigmoid_recalls d N eps B M Hd He HB HM n Hn)).
Qed.
