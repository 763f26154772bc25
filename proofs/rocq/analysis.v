(** tanh and the logistic function: signs, growth, and the inequalities the constructions need. *)

From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions.
Open Scope R_scope.

(** * Growth: a function whose derivative is nonnegative *)

Lemma grows (f f' : R -> R) a c : a <= c ->
  (forall z, a <= z <= c -> is_derive f z (f' z)) -> (forall z, a <= z <= c -> 0 <= f' z) -> f a <= f c.
Proof.
  intros [Hac|<-] D P; [|lra].
  destruct (MVT_cor2 f f' a c Hac) as (z & E & Hz).
  - intros z Hz. apply is_derive_Reals, D, Hz.
  - specialize (P z ltac:(lra)). nra.
Qed.

(** * Hyperbolic functions *)

Lemma cosh_pos z : 0 < cosh z.
Proof. unfold cosh. pose proof (exp_pos z). pose proof (exp_pos (- z)). lra. Qed.

Lemma is_derive_sinh z : is_derive sinh z (cosh z).
Proof. apply is_derive_Reals, derivable_pt_lim_sinh. Qed.

Lemma is_derive_cosh z : is_derive cosh z (sinh z).
Proof. apply is_derive_Reals, derivable_pt_lim_cosh. Qed.

Lemma cosh_sinh z : cosh z * cosh z - sinh z * sinh z = 1.
Proof.
  unfold cosh, sinh. assert (E : exp z * exp (- z) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0). nra.
Qed.

Lemma sinh_odd z : sinh (- z) = - sinh z.
Proof. unfold sinh. rewrite Ropp_involutive. lra. Qed.

Lemma cosh_even z : cosh (- z) = cosh z.
Proof. unfold cosh. rewrite Ropp_involutive. lra. Qed.

Lemma tanh_odd z : tanh (- z) = - tanh z.
Proof. unfold tanh. rewrite sinh_odd, cosh_even. field. apply Rgt_not_eq, cosh_pos. Qed.

Lemma tanh_0 : tanh 0 = 0.
Proof. unfold tanh. rewrite sinh_0. lra. Qed.

Lemma tanh_exp z : tanh z = 1 - 2 / (1 + exp (2 * z)).
Proof.
  unfold tanh, sinh, cosh. replace (2 * z) with (z + z) by lra. rewrite exp_plus, exp_Ropp.
  pose proof (exp_pos z). field. split; nra.
Qed.

Lemma tanh_sq z : 1 - tanh z * tanh z = / (cosh z * cosh z).
Proof.
  unfold tanh. pose proof (cosh_pos z). pose proof (cosh_sinh z).
  apply Rmult_eq_reg_r with (cosh z * cosh z); [|nra].
  rewrite Rinv_l by nra. transitivity (cosh z * cosh z - sinh z * sinh z); [field; lra|assumption].
Qed.

Lemma tanh_bounds z : -1 < tanh z < 1.
Proof.
  pose proof (tanh_sq z). pose proof (cosh_pos z).
  assert (0 < / (cosh z * cosh z)) by (apply Rinv_0_lt_compat; nra). split; nra.
Qed.

Lemma is_derive_tanh z : is_derive tanh z (1 - tanh z * tanh z).
Proof.
  evar_last; [apply (is_derive_div sinh cosh); [apply is_derive_sinh|apply is_derive_cosh|]|].
  - apply Rgt_not_eq, cosh_pos.
  - cbv beta. unfold tanh, minus, plus, opp, mult; simpl. field. apply Rgt_not_eq, cosh_pos.
Qed.

Lemma tanh_le a c : a <= c -> tanh a <= tanh c.
Proof.
  intros H. apply (grows tanh (fun z => 1 - tanh z * tanh z)); auto using is_derive_tanh.
  intros z _. pose proof (tanh_bounds z). nra.
Qed.

Lemma tanh_nonneg z : 0 <= z -> 0 <= tanh z.
Proof. intros. rewrite <- tanh_0. now apply tanh_le. Qed.

(** tanh does not expand. *)
Lemma tanh_slope a c : a <= c -> tanh c - tanh a <= c - a.
Proof.
  intros H. enough (a - tanh a <= c - tanh c) by lra.
  apply (grows (fun z => z - tanh z) (fun z => tanh z * tanh z)); auto.
  - intros z _. evar_last; [apply (is_derive_minus (fun z => z) tanh); [apply is_derive_id|apply is_derive_tanh]|].
    unfold minus, plus, opp, one; simpl. ring.
  - intros z _. nra.
Qed.

Lemma tanh_le_id z : 0 <= z -> tanh z <= z.
Proof. intros H. pose proof (tanh_slope 0 z H). rewrite tanh_0 in *. lra. Qed.

Lemma tanh_abs z : Rabs (tanh z) <= Rabs z.
Proof.
  unfold Rabs at 2; destruct (Rcase_abs z).
  - pose proof (tanh_le_id (- z) ltac:(lra)). pose proof (tanh_nonneg (- z) ltac:(lra)). rewrite tanh_odd in *.
    unfold Rabs; destruct (Rcase_abs _); lra.
  - pose proof (tanh_le_id z ltac:(lra)). pose proof (tanh_nonneg z ltac:(lra)).
    unfold Rabs; destruct (Rcase_abs _); lra.
Qed.

(** tanh is concave on the right: w tanh z <= tanh (w z) for 0 <= w <= 1. *)
Lemma tanh_concave w z : 0 <= w <= 1 -> 0 <= z -> w * tanh z <= tanh (w * z).
Proof.
  intros Hw Hz.
  pose proof (grows (fun z => tanh (w * z) - w * tanh z)
    (fun z => w * ((1 - tanh (w * z) * tanh (w * z)) - (1 - tanh z * tanh z))) 0 z Hz) as G.
  cbv beta in G. rewrite Rmult_0_r, tanh_0 in G.
  enough (0 - w * 0 <= tanh (w * z) - w * tanh z) by lra. apply G.
  - intros y Hy. evar_last.
    + apply (is_derive_minus (fun z => tanh (w * z)) (fun z => w * tanh z)).
      * apply (is_derive_comp tanh (fun z => w * z)); [apply is_derive_tanh|].
        apply (is_derive_scal (fun z => z)), is_derive_id.
      * apply is_derive_scal, is_derive_tanh.
    + unfold minus, plus, opp, one, scal, mult; simpl; unfold mult; simpl. ring.
  - intros y Hy. assert (Hwy : w * y <= y) by nra.
    pose proof (tanh_le _ _ Hwy). pose proof (tanh_nonneg (w * y) ltac:(nra)). apply Rmult_le_pos; nra.
Qed.

(** |tanh u - u| <= u^3 / 3 *)
Lemma tanh_cube z : 0 <= z -> z - z ^ 3 / 3 <= tanh z.
Proof.
  intros Hz.
  pose proof (grows (fun z => tanh z - (z - z ^ 3 / 3)) (fun z => z * z - tanh z * tanh z) 0 z Hz) as G.
  cbv beta in G. rewrite tanh_0 in G. enough (0 - (0 - 0 ^ 3 / 3) <= tanh z - (z - z ^ 3 / 3)) by (simpl in *; lra). apply G.
  - intros y _. evar_last.
    + apply (is_derive_minus tanh (fun z => z - z ^ 3 / 3)); [apply is_derive_tanh|].
      auto_derive; trivial.
    + unfold minus, plus, opp; simpl. field.
  - intros y Hy. pose proof (tanh_le_id y ltac:(lra)). pose proof (tanh_nonneg y ltac:(lra)). nra.
Qed.

(** |tanh tanh u - u| <= 2 u^3 / 3 *)
Lemma twice z : 0 <= z -> z * (1 - 2 / 3 * z ^ 2) <= tanh (tanh z).
Proof.
  intros H. pose proof (tanh_cube z H). pose proof (tanh_nonneg z H) as T. pose proof (tanh_le_id z H).
  pose proof (tanh_cube (tanh z) T). assert (tanh z ^ 3 <= z ^ 3) by (apply pow_incr; lra). lra.
Qed.

(** tanh's secants over intervals of equal length fall: the gate passes most on its lower side. *)
Lemma tanh_secants a z : 0 <= a -> 0 <= z -> tanh (a + z) + tanh (a - z) <= 2 * tanh a.
Proof.
  intros Ha Hz.
  pose proof (grows (fun z => 2 * tanh a - tanh (a + z) - tanh (a - z))
    (fun z => tanh (a + z) * tanh (a + z) - tanh (a - z) * tanh (a - z)) 0 z Hz) as G.
  cbv beta in G. rewrite Rplus_0_r, Rminus_0_r in G.
  enough (2 * tanh a - tanh a - tanh a <= 2 * tanh a - tanh (a + z) - tanh (a - z)) by lra. apply G.
  - intros y _. evar_last.
    + apply (is_derive_minus (fun z => 2 * tanh a - tanh (a + z)) (fun z => tanh (a - z))).
      * apply (is_derive_minus (fun _ => 2 * tanh a) (fun z => tanh (a + z))); [apply is_derive_const|].
        apply (is_derive_comp tanh (fun z => a + z)); [apply is_derive_tanh|].
        auto_derive; trivial.
      * apply (is_derive_comp tanh (fun z => a - z)); [apply is_derive_tanh|].
        auto_derive; trivial.
    + unfold minus, plus, opp, scal, mult, Hierarchy.zero; simpl; unfold mult; simpl. ring.
  - intros y Hy. pose proof (tanh_le (a - y) (a + y) ltac:(lra)). pose proof (tanh_le (y - a) (a + y) ltac:(lra)).
    replace (y - a) with (- (a - y)) in * by lra. rewrite tanh_odd in *. nra.
Qed.

(** * The logistic function *)

Lemma sigmoid_pos z : 0 < sigmoid z.
Proof. unfold sigmoid. apply Rinv_0_lt_compat. pose proof (exp_pos (- z)). lra. Qed.

Lemma sigmoid_0 : sigmoid 0 = 1 / 2.
Proof. unfold sigmoid. rewrite Ropp_0, exp_0. field. Qed.

Lemma sigmoid_opp z : sigmoid (- z) = 1 - sigmoid z.
Proof.
  unfold sigmoid. rewrite Ropp_involutive, exp_Ropp. pose proof (exp_pos z). field. lra.
Qed.

Lemma sigmoid_lt_1 z : sigmoid z < 1.
Proof. pose proof (sigmoid_pos (- z)). rewrite sigmoid_opp in *. lra. Qed.

Lemma exp_le a c : a <= c -> exp a <= exp c.
Proof. intros [H| ->]; [left; now apply exp_increasing|lra]. Qed.

Lemma sigmoid_le a c : a <= c -> sigmoid a <= sigmoid c.
Proof.
  intros H. unfold sigmoid. apply Rinv_le_contravar; [pose proof (exp_pos (- c)); lra|].
  pose proof (exp_le (- c) (- a) ltac:(lra)). lra.
Qed.

(** A sigmoid unit is a tanh unit in u = 2h - 1. *)
Lemma sigmoid_tanh z : sigmoid (2 * z) = (1 + tanh z) / 2.
Proof.
  rewrite tanh_exp. unfold sigmoid. rewrite exp_Ropp. pose proof (exp_pos (2 * z)). field. lra.
Qed.

Lemma sigmoid_gap z : 1 - sigmoid z <= exp (- z).
Proof.
  rewrite <- sigmoid_opp. unfold sigmoid. rewrite Ropp_involutive, exp_Ropp.
  apply Rinv_le_contravar; [apply exp_pos|lra].
Qed.

Lemma sigmoid_exp z : sigmoid z <= exp z.
Proof. pose proof (sigmoid_gap (- z)) as G. rewrite sigmoid_opp, Ropp_involutive in G. lra. Qed.

Lemma bernoulli u n : 0 <= u <= 1 -> 1 - INR n * u <= (1 - u) ^ n.
Proof.
  intros Hu. induction n as [|n IH]; [simpl; lra|]. rewrite S_INR. simpl. pose proof (pos_INR n).
  assert ((1 - u) * (1 - INR n * u) <= (1 - u) * (1 - u) ^ n) by (apply Rmult_le_compat_l; lra).
  assert (0 <= INR n * u * u) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra). lra.
Qed.

Lemma power_falls phi m n : 0 < phi < 1 -> (m <= n)%nat -> phi ^ n <= phi ^ m.
Proof.
  intros P Hmn. replace n with (m + (n - m))%nat by lia. rewrite pow_add.
  rewrite <- (Rmult_1_r (phi ^ m)) at 2. apply Rmult_le_compat_l; [apply pow_le; lra|].
  rewrite <- (pow1 (n - m)). apply pow_incr. lra.
Qed.

Lemma power_range phi n : 0 < phi < 1 -> 0 <= phi ^ n <= 1.
Proof. intros P. split; [apply pow_le; lra|]. rewrite <- (pow1 n). apply pow_incr. lra. Qed.

(** A saturation that leaves what remains of N steps: 2 N e^-K <= beta. *)
Lemma saturation N beta : (1 <= N)%nat -> 0 < beta <= 1 -> exists K, 0 < K /\ 2 * INR N * exp (- K) <= beta.
Proof.
  intros HN Hb. assert (1 <= INR N) by (apply (le_INR 1 N HN)). exists (ln (2 * INR N / beta)).
  assert (1 < 2 * INR N / beta).
  { apply Rmult_lt_reg_r with beta; [lra|]. replace (2 * INR N / beta * beta) with (2 * INR N) by (field; lra). lra. }
  split; [rewrite <- ln_1; apply ln_increasing; lra|].
  rewrite <- ln_Rinv, exp_ln by (try apply Rinv_0_lt_compat; lra).
  right. field. lra.
Qed.
