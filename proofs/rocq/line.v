(** The line of tanh: what n times tanh leave of a small number, and a latch that follows it. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Recall Require Import definitions statements basics analysis.
Open Scope R_scope.

(** * Lambert's convergents of tanh: f' + f tanh v = v times the convergent before *)

Lemma sinh_nonneg v : 0 <= v -> 0 <= sinh v.
Proof. intros H. unfold sinh. pose proof (exp_le (- v) v ltac:(lra)). lra. Qed.

Ltac hyperbolic v :=
  unfold sinh, cosh; auto_derive; [trivial|]; unfold sinh, cosh; field.

Lemma convergent (f f' : R -> R) v : 0 <= v -> f 0 = 0 ->
  (forall z, is_derive f z (f' z)) -> (forall z, 0 <= z -> 0 <= f' z) -> 0 <= f v.
Proof. intros Hv E D P. rewrite <- E. apply (grows f f'); [exact Hv|intros; apply D|intros z Hz; apply P; lra]. Qed.

Lemma convergent_1 v : 0 <= v -> 0 <= v * cosh v - sinh v.
Proof.
  intros Hv. apply (convergent (fun v => v * cosh v - sinh v) (fun v => v * sinh v) v Hv).
  - rewrite sinh_0. ring.
  - intros z. hyperbolic z.
  - intros z Hz. pose proof (sinh_nonneg z Hz). nra.
Qed.

Lemma convergent_2 v : 0 <= v -> 0 <= (3 + v ^ 2) * sinh v - 3 * v * cosh v.
Proof.
  intros Hv. apply (convergent (fun v => (3 + v ^ 2) * sinh v - 3 * v * cosh v) (fun v => v * (v * cosh v - sinh v)) v Hv).
  - rewrite sinh_0. ring.
  - intros z. hyperbolic z.
  - intros z Hz. pose proof (convergent_1 z Hz). nra.
Qed.

Lemma convergent_3 v : 0 <= v -> 0 <= v * (15 + v ^ 2) * cosh v - (15 + 6 * v ^ 2) * sinh v.
Proof.
  intros Hv. apply (convergent (fun v => v * (15 + v ^ 2) * cosh v - (15 + 6 * v ^ 2) * sinh v)
    (fun v => v * ((3 + v ^ 2) * sinh v - 3 * v * cosh v)) v Hv).
  - rewrite sinh_0. ring.
  - intros z. hyperbolic z.
  - intros z Hz. pose proof (convergent_2 z Hz). nra.
Qed.

Lemma convergent_4 v : 0 <= v -> 0 <= (105 + 45 * v ^ 2 + v ^ 4) * sinh v - v * (105 + 10 * v ^ 2) * cosh v.
Proof.
  intros Hv. apply (convergent (fun v => (105 + 45 * v ^ 2 + v ^ 4) * sinh v - v * (105 + 10 * v ^ 2) * cosh v)
    (fun v => v * (v * (15 + v ^ 2) * cosh v - (15 + 6 * v ^ 2) * sinh v)) v Hv).
  - rewrite sinh_0. ring.
  - intros z. hyperbolic z.
  - intros z Hz. pose proof (convergent_3 z Hz). nra.
Qed.

(** 1/tanh^2 v <= 1/v^2 + 2/3 + v^2/15 *)
Lemma inverse_square v : 0 < v -> / tanh v ^ 2 <= / v ^ 2 + (2 / 3 + v ^ 2 / 15).
Proof.
  intros Hv. pose proof (convergent_4 v ltac:(lra)) as F. pose proof (cosh_pos v) as C.
  set (top := v * (105 + 10 * v ^ 2)). set (bottom := 105 + 45 * v ^ 2 + v ^ 4).
  assert (V : 0 < v ^ 2) by (apply pow_lt; lra). assert (V4 : 0 < v ^ 4) by (apply pow_lt; lra).
  assert (Top : 0 < top) by (unfold top; apply Rmult_lt_0_compat; lra).
  assert (Bottom : 0 < bottom) by (unfold bottom; lra).
  assert (T : top / bottom <= tanh v).
  { unfold tanh. apply Rmult_le_reg_r with (bottom * cosh v); [apply Rmult_lt_0_compat; lra|].
    replace (top / bottom * (bottom * cosh v)) with (top * cosh v) by (field; lra).
    replace (sinh v / cosh v * (bottom * cosh v)) with (bottom * sinh v) by (field; lra). unfold top, bottom. lra. }
  assert (Q : 0 < top / bottom) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  apply Rle_trans with (/ (top / bottom) ^ 2).
  - apply Rinv_le_contravar; [now apply pow_lt|]. apply pow_incr. lra.
  - replace (/ (top / bottom) ^ 2) with (bottom ^ 2 / top ^ 2) by (field; lra).
    apply Rmult_le_reg_r with (15 * top ^ 2); [apply Rmult_lt_0_compat; [lra|now apply pow_lt]|].
    replace (bottom ^ 2 / top ^ 2 * (15 * top ^ 2)) with (15 * bottom ^ 2) by (field; lra).
    replace ((/ v ^ 2 + (2 / 3 + v ^ 2 / 15)) * (15 * top ^ 2)) with ((15 + 10 * v ^ 2 + v ^ 4) * (105 + 10 * v ^ 2) ^ 2)
      by (unfold top; field; lra).
    assert (0 <= 85 * v ^ 8 * (100 / 85) * v ^ 0) by (simpl; repeat apply Rmult_le_pos; lra).
    unfold bottom. assert (0 <= v ^ 6) by (apply pow_le; lra). assert (0 <= v ^ 8) by (apply pow_le; lra).
    enough (0 <= (15 + 10 * v ^ 2 + v ^ 4) * (105 + 10 * v ^ 2) ^ 2 - 15 * (105 + 45 * v ^ 2 + v ^ 4) ^ 2) by lra.
    replace ((15 + 10 * v ^ 2 + v ^ 4) * (105 + 10 * v ^ 2) ^ 2 - 15 * (105 + 45 * v ^ 2 + v ^ 4) ^ 2)
      with (1750 * v ^ 6 + 85 * v ^ 8) by ring. lra.
Qed.

(** * n times tanh *)

Fixpoint line (n : nat) (z : R) : R := match n with O => z | S m => tanh (line m z) end.

Lemma line_odd n z : line n (- z) = - line n z.
Proof. induction n as [|n IH]; simpl; [reflexivity|]. now rewrite IH, tanh_odd. Qed.

Lemma line_0 n : line n 0 = 0.
Proof. induction n as [|n IH]; simpl; [reflexivity|]. now rewrite IH, tanh_0. Qed.

Lemma tanh_pos z : 0 < z -> 0 < tanh z.
Proof.
  intros Hz. unfold tanh. apply Rmult_lt_0_compat; [|apply Rinv_0_lt_compat, cosh_pos].
  unfold sinh. pose proof (exp_increasing (- z) z ltac:(lra)). lra.
Qed.

Lemma line_range n z : 0 < z -> 0 < line n z <= z.
Proof.
  intros Hz. induction n as [|n IH]; simpl; [lra|]. split; [apply tanh_pos; lra|].
  pose proof (tanh_le_id (line n z) ltac:(lra)). lra.
Qed.

Lemma line_inverse n z top : 0 < z <= top -> / line n z ^ 2 <= / z ^ 2 + INR n * (2 / 3 + top ^ 2 / 15).
Proof.
  intros Hz. induction n as [|n IH]; [simpl; lra|]. rewrite S_INR. simpl line.
  pose proof (line_range n z ltac:(lra)) as Hr. pose proof (inverse_square (line n z) ltac:(lra)).
  assert (line n z ^ 2 <= top ^ 2) by (apply pow_incr; lra). lra.
Qed.

Lemma kept_range n top : 0 < kept n top <= 1.
Proof.
  unfold kept. set (q := 1 + INR n * top ^ 2 * (2 / 3 + top ^ 2 / 15)).
  assert (Q : 1 <= q) by (unfold q; pose proof (pos_INR n); pose proof (pow2_ge_0 top);
    assert (0 <= INR n * top ^ 2 * (2 / 3 + top ^ 2 / 15)) by (apply Rmult_le_pos; [apply Rmult_le_pos|]; lra); lra).
  assert (S : 1 <= sqrt q) by (rewrite <- sqrt_1; apply sqrt_le_1; lra).
  split; [apply Rinv_0_lt_compat; lra|]. rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Lemma kept_falls m n top : (m <= n)%nat -> kept n top <= kept m top.
Proof.
  intros H. unfold kept. pose proof (le_INR m n H) as I. pose proof (pos_INR m). pose proof (pow2_ge_0 top).
  assert (0 <= top ^ 2 * (2 / 3 + top ^ 2 / 15)) by (apply Rmult_le_pos; lra).
  assert (0 <= INR m * (top ^ 2 * (2 / 3 + top ^ 2 / 15))) by (apply Rmult_le_pos; lra).
  apply Rinv_le_contravar; [apply sqrt_lt_R0; lra|]. apply sqrt_le_1; nra.
Qed.

Lemma line_kept n z top : 0 < z <= top -> z * kept n top <= line n z.
Proof.
  intros Hz. pose proof (line_range n z ltac:(lra)) as Hr. pose proof (line_inverse n z top Hz) as I.
  pose proof (pos_INR n) as P. set (g := 2 / 3 + top ^ 2 / 15) in *.
  assert (G : 0 < g) by (unfold g; pose proof (pow2_ge_0 top); lra).
  assert (NG : 0 <= INR n * g) by (apply Rmult_le_pos; lra).
  unfold kept. fold g. set (q := 1 + INR n * top ^ 2 * g).
  assert (Z2 : 0 < z ^ 2) by (apply pow_lt; lra). assert (ZT : z ^ 2 <= top ^ 2) by (apply pow_incr; lra).
  assert (Q : 1 <= q).
  { unfold q. assert (0 <= INR n * g * top ^ 2) by (apply Rmult_le_pos; lra). lra. }
  assert (SQ : 0 < sqrt q) by (apply sqrt_lt_R0; lra).
  assert (L2 : 0 < line n z ^ 2) by (apply pow_lt; lra).
  assert (E : z ^ 2 <= q * line n z ^ 2).
  { apply Rmult_le_reg_r with (/ line n z ^ 2 * / z ^ 2);
      [apply Rmult_lt_0_compat; now apply Rinv_0_lt_compat|].
    replace (z ^ 2 * (/ line n z ^ 2 * / z ^ 2)) with (/ line n z ^ 2) by (field; lra).
    replace (q * line n z ^ 2 * (/ line n z ^ 2 * / z ^ 2)) with (q * / z ^ 2) by (field; lra).
    apply Rle_trans with (/ z ^ 2 + INR n * g); [exact I|].
    apply Rmult_le_reg_r with (z ^ 2); [exact Z2|].
    replace ((/ z ^ 2 + INR n * g) * z ^ 2) with (1 + INR n * g * z ^ 2) by (field; lra).
    replace (q * / z ^ 2 * z ^ 2) with q by (field; lra). unfold q.
    assert (INR n * g * z ^ 2 <= INR n * g * top ^ 2) by (apply Rmult_le_compat_l; lra). lra. }
  apply Rmult_le_reg_r with (sqrt q); [exact SQ|]. replace (z * / sqrt q * sqrt q) with z by (field; lra).
  apply Rle_trans with (sqrt (z ^ 2)); [right; symmetry; apply sqrt_pow2; lra|].
  apply Rle_trans with (sqrt (q * line n z ^ 2)); [apply sqrt_le_1; lra|].
  rewrite sqrt_mult_alt, sqrt_pow2 by lra. lra.
Qed.

(** The line's own error, with readout 1/eps, for both signs. *)
Lemma line_error n N eps M x1 : (n <= N)%nat -> 0 < eps -> 0 < M -> - M <= x1 <= M ->
  Rabs (line n (eps * x1) / eps - x1) <= M * (1 - kept N (eps * M)).
Proof.
  intros Hn He HM Hx.
  assert (Half : forall y, 0 < y <= M -> Rabs (line n (eps * y) / eps - y) <= M * (1 - kept N (eps * M))).
  { intros y Hy. assert (Hz : 0 < eps * y <= eps * M) by (split; nra).
    pose proof (line_range n (eps * y) ltac:(lra)). pose proof (line_kept n (eps * y) (eps * M) Hz).
    pose proof (kept_falls n N (eps * M) Hn). pose proof (kept_range N (eps * M)).
    assert (line n (eps * y) / eps <= y).
    { apply Rmult_le_reg_l with eps; [exact He|].
    replace (eps * (line n (eps * y) / eps)) with (line n (eps * y)) by (field; lra). lra. }
    assert (y * kept N (eps * M) <= line n (eps * y) / eps).
    { apply Rmult_le_reg_l with eps; [exact He|].
    replace (eps * (line n (eps * y) / eps)) with (line n (eps * y)) by (field; lra). nra. }
    apply abs_le. nra. }
  destruct (Rtotal_order x1 0) as [Neg|[->|Pos]].
  - specialize (Half (- x1) ltac:(lra)). replace (eps * - x1) with (- (eps * x1)) in Half by ring.
    rewrite line_odd in Half. rewrite <- Rabs_Ropp.
    replace (- (line n (eps * x1) / eps - x1)) with (- line n (eps * x1) / eps - - x1) by (field; lra). exact Half.
  - rewrite Rmult_0_r, line_0.
    replace (0 / eps - 0) with 0 by (field; lra). rewrite Rabs_R0. pose proof (kept_range N (eps * M)). nra.
  - apply Half. lra.
Qed.

(** * A latch that follows the line *)

Lemma tanh_lipschitz a c : Rabs (tanh a - tanh c) <= Rabs (a - c).
Proof.
  destruct (Rle_lt_dec a c) as [H|H].
  - pose proof (tanh_slope a c H). pose proof (tanh_le a c H). rewrite !Rabs_left1 by lra. lra.
  - pose proof (tanh_slope c a ltac:(lra)). pose proof (tanh_le c a ltac:(lra)). rewrite !Rabs_pos_eq by lra. lra.
Qed.

(** The closed gate passes at most tanh a - tanh (a - delta). *)
Lemma edge a delta u : 0 <= a -> Rabs u <= delta ->
  Rabs (tanh (u + a) - tanh a) <= tanh a - tanh (a - delta).
Proof.
  intros Ha Hu. apply abs_le_inv in Hu. pose proof (tanh_secants a delta Ha ltac:(lra)).
  pose proof (tanh_le (a - delta) (u + a) ltac:(lra)). pose proof (tanh_le (u + a) (a + delta) ltac:(lra)). apply abs_le. lra.
Qed.

Lemma follows (s : nat -> R) z leak t : s 1%nat = tanh z ->
  (forall t, (1 <= t)%nat -> Rabs (s (S t) - tanh (s t)) <= leak) ->
  Rabs (s (S t) - line (S t) z) <= INR t * leak.
Proof.
  intros Start Step. induction t as [|t IH].
  - simpl. rewrite Start. replace (_ - _) with 0 by ring. rewrite Rabs_R0. lra.
  - rewrite S_INR. specialize (Step (S t) ltac:(lia)). change (line (S (S t)) z) with (tanh (line (S t) z)).
    pose proof (tanh_lipschitz (s (S t)) (line (S t) z)).
    replace (s (S (S t)) - tanh (line (S t) z)) with ((s (S (S t)) - tanh (s (S t))) + (tanh (s (S t)) - tanh (line (S t) z)))
      by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

Lemma latch_error (s : nat -> R) n N eps M leak x1 : (1 <= n <= N)%nat -> 0 < eps -> 0 < M -> - M <= x1 <= M -> 0 <= leak ->
  s 1%nat = tanh (eps * x1) -> (forall t, (1 <= t)%nat -> Rabs (s (S t) - tanh (s t)) <= leak) ->
  Rabs (s n / eps - x1) <= M * (1 - kept N (eps * M)) + INR (N - 1) * leak / eps.
Proof.
  intros Hn He HM Hx Hl Start Step. destruct n as [|t]; [lia|].
  pose proof (follows s (eps * x1) leak t Start Step) as F.
  pose proof (line_error (S t) N eps M x1 ltac:(lia) He HM Hx) as E.
  assert (I : INR t <= INR (N - 1)) by (apply le_INR; lia).
  replace (s (S t) / eps - x1) with ((s (S t) - line (S t) (eps * x1)) / eps + (line (S t) (eps * x1) / eps - x1)) by (field; lra).
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rplus_comm. apply Rplus_le_compat; [exact E|].
  unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ eps)) by (left; now apply Rinv_0_lt_compat).
  apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. nra.
Qed.
