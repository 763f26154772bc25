(** C10, the GRU: each slot takes the share phi = sigmoid(K) of the next one's tanh and keeps the rest of its own value. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics analysis line c5 c10.
Open Scope R_scope.

Section line.
Variables (after keeps : bool) (d n : nat) (eps K M : R) (x : sequence).
Hypotheses (Hn : (1 <= n <= d)%nat) (He : 0 < eps) (HM : 0 < M) (Hx : box M x).

Local Notation step := (gru_step after keeps d (C10_gru_weights keeps n eps K)).
Local Notation phi := (sigmoid K).

Lemma slot h y k : (k < n)%nat -> step h y k =
  (1 - phi) * h k + phi * tanh ((if Nat.ltb (S k) n then h (S k) else 0) + (if Nat.eqb k (n - 1) then eps * y else 0)).
Proof.
  intros Hk.
  assert (Z : affine d (C8_bias n (if keeps then - K else K)) h y k = if keeps then - K else K).
  { unfold affine, C8_bias; cbn [W U b vec]. replace (Nat.ltb k n) with true by (symmetry; now apply Nat.ltb_lt).
    rewrite dot_mat. cbn [row terms]. ring. }
  assert (Rs : forall j, sigmoid (affine d no_weights h y j) = 1 / 2).
  { intros j. rewrite <- sigmoid_0. f_equal. unfold affine, no_weights; cbn [W U b vec]. rewrite dot_mat. cbn [row terms]. ring. }
  set (g := gru_n (C10_gru_weights keeps n eps K)).
  set (inner := if after then fun i => sigmoid (affine d no_weights h y i) * (dot d (W g i) h + zero i) + input_map g y i
    else affine d g (fun j => sigmoid (affine d no_weights h y j) * h j) y).
  assert (I : inner k = (if Nat.ltb (S k) n then h (S k) else 0) + (if Nat.eqb k (n - 1) then eps * y else 0)).
  { unfold inner, g, C10_gru_weights. cbn [gru_n]. destruct after.
    - cbn [W]. rewrite next_slot, Rs by lia. unfold zero, input_map; cbn [U b vec].
      destruct (Nat.eqb k (n - 1)), (Nat.ltb (S k) n); lra.
    - unfold affine; cbn [W U b vec]. rewrite next_slot by lia. change (dot d (W no_weights (S k)) h + _ + _) with
        (affine d no_weights h y (S k)). rewrite Rs. destruct (Nat.eqb k (n - 1)), (Nat.ltb (S k) n); lra. }
  rewrite <- I. destruct keeps; cbv beta iota; fold inner.
  - change (sigmoid (affine d (C8_bias n (- K)) h y k) * h k + (1 - sigmoid (affine d (C8_bias n (- K)) h y k)) * tanh (inner k) =
      (1 - phi) * h k + phi * tanh (inner k)). rewrite Z, sigmoid_opp. ring.
  - change ((1 - sigmoid (affine d (C8_bias n K) h y k)) * h k + sigmoid (affine d (C8_bias n K) h y k) * tanh (inner k) =
      (1 - phi) * h k + phi * tanh (inner k)). now rewrite Z.
Qed.

Lemma share : 0 < phi < 1.
Proof. split; [apply sigmoid_pos|apply sigmoid_lt_1]. Qed.

Lemma small m k : (k < n)%nat -> Rabs (run step zero x m k) <= eps * M.
Proof.
  revert k. induction m as [|m IH]; intros k Hk; [cbn; unfold zero; rewrite Rabs_R0; nra|].
  rewrite run_S, slot by exact Hk. pose proof share. pose proof (IH k Hk) as Own. set (h := run step zero x m) in *.
  assert (Taken : Rabs (tanh ((if Nat.ltb (S k) n then h (S k) else 0) + (if Nat.eqb k (n - 1) then eps * x (S m) else 0)))
    <= eps * M).
  { eapply Rle_trans; [apply tanh_abs|]. destruct (Nat.ltb_spec (S k) n) as [L|G].
    - replace (Nat.eqb k (n - 1)) with false by (symmetry; apply Nat.eqb_neq; lia). rewrite Rplus_0_r. now apply IH.
    - replace (Nat.eqb k (n - 1)) with true by (symmetry; apply Nat.eqb_eq; lia).
      rewrite Rplus_0_l, Rabs_mult, Rabs_pos_eq by lra. apply Rmult_le_compat_l; [lra|apply Hx]. }
  apply abs_le_inv in Own. apply abs_le_inv in Taken. apply abs_le. nra.
Qed.

(** Slot n - 1 - j is within 2 eps M (1 - phi^(j+1)) of the input of j steps before, on the tanh line. *)
Lemma near m : forall j, (j < n)%nat -> (j <= m)%nat ->
  Rabs (run step zero x (S m) (n - 1 - j)%nat - line (S j) (eps * x (S m - j)%nat)) <= 2 * (eps * M) * (1 - phi ^ S j).
Proof.
  assert (Line : forall j t, Rabs (line j (eps * x t)) <= eps * M).
  { intros j t. induction j as [|j IH]; cbn [line].
    - rewrite Rabs_mult, Rabs_pos_eq by lra. apply Rmult_le_compat_l; [lra|apply Hx].
    - eapply Rle_trans; [apply tanh_abs|exact IH]. }
  pose proof share as Ph. assert (HeM : 0 < eps * M) by now apply Rmult_lt_0_compat.
  induction m as [|m IH]; intros j Hj Hm; rewrite run_S, slot by lia.
  1: assert (J : j = O) by lia; subst j.
  2: destruct j as [|j].
  1,2: replace (Nat.ltb (S (n - 1 - 0)) n) with false by (symmetry; apply Nat.ltb_ge; lia);
    replace (Nat.eqb (n - 1 - 0) (n - 1)) with true by (symmetry; apply Nat.eqb_eq; lia);
    rewrite Rplus_0_l; cbn [line Nat.sub];
    match goal with |- context [run step zero x ?t ?k] => pose proof (small t k ltac:(lia)) as Own end;
    match goal with |- context [tanh (eps * x ?t)] => pose proof (Line 1%nat t) as L1; cbn [line] in L1 end;
    apply abs_le_inv in Own; apply abs_le_inv in L1; apply abs_le; simpl pow; nra.
  replace (Nat.eqb (n - 1 - S j) (n - 1)) with false by (symmetry; apply Nat.eqb_neq; lia).
  replace (Nat.ltb (S (n - 1 - S j)) n) with true by (symmetry; apply Nat.ltb_lt; lia).
  replace (S (n - 1 - S j)) with (n - 1 - j)%nat by lia. rewrite Rplus_0_r.
  pose proof (small (S m) (n - 1 - S j)%nat ltac:(lia)) as Own. specialize (IH j ltac:(lia) ltac:(lia)).
  set (h := run step zero x (S m)) in *. replace (S (S m) - S j)%nat with (S m - j)%nat by lia.
  pose proof (tanh_lipschitz (h (n - 1 - j)%nat) (line (S j) (eps * x (S m - j)%nat))) as Lip.
  pose proof (Line (S (S j)) (S m - j)%nat) as L2. cbn [line] in L2 |- *. cbn [line] in Lip, IH.
  set (target := tanh (tanh (line j (eps * x (S m - j)%nat)))) in *.
  set (got := tanh (h (n - 1 - j)%nat)) in *. assert (G : Rabs (got - target) <= 2 * (eps * M) * (1 - phi ^ S j)) by lra.
  change (phi ^ S (S j)) with (phi * phi ^ S j). set (P := phi ^ S j) in *.
  apply abs_le_inv in Own. apply abs_le_inv in L2. apply abs_le_inv in G. apply abs_le. clearbody P got target.
  set (own := h (n - 1 - S j)%nat) in *. clearbody own.
  assert (0 <= (1 - phi) * (2 * (eps * M) - (own - target))) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 - phi) * (2 * (eps * M) + (own - target))) by (apply Rmult_le_pos; lra).
  assert (0 <= phi * (2 * (eps * M) * (1 - P) - (got - target))) by (apply Rmult_le_pos; lra).
  assert (0 <= phi * (2 * (eps * M) * (1 - P) + (got - target))) by (apply Rmult_le_pos; lra). lra.
Qed.

End line.

Theorem copied : C10_gru.
Proof.
  intros after keeps d n eps K M Hn He HM x j Hx Hj. unfold gru_output.
  change (gru_start (C10_gru_weights keeps n eps K)) with zero. unfold C10_gru_weights at 1; cbn [gru_out].
  unfold read; cbn [V v0]. rewrite dot_vec. cbn [terms]. decide_units.
  assert (Hb : box M (blanked n x)).
  { intros t. unfold blanked. destruct (Nat.leb t n); [apply Hx|rewrite Rabs_R0; lra]. }
  pose proof (near after keeps d n eps K M (blanked n x) Hn He HM Hb (n + j - 2) (n - 1) ltac:(lia) ltac:(lia)) as Near.
  replace (n - 1 - (n - 1))%nat with O in Near by lia. replace (S (n + j - 2)) with (n + j - 1)%nat in Near by lia.
  replace (n + j - 1 - (n - 1))%nat with j in Near by lia. replace (S (n - 1)) with n in Near by lia.
  replace (blanked n x j) with (x j) in Near by (unfold blanked; now replace (Nat.leb j n) with true by (symmetry;
    apply Nat.leb_le; lia)).
  pose proof (line_error n n eps M (x j) ltac:(lia) He HM (box_bounds M x j Hx)) as Line.
  set (h := run (gru_step _ _ _ _) _ _ _ _) in *. clearbody h. set (l := line n (eps * x j)) in *. clearbody l.
  replace (/ eps * h + 0 + 0 - x j) with (/ eps * (h - l) + (l / eps - x j)) by (field; lra).
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rplus_comm. apply Rplus_le_compat; [exact Line|].
  rewrite Rabs_mult, Rabs_pos_eq by (left; now apply Rinv_0_lt_compat).
  replace (2 * M * (1 - sigmoid K ^ n)) with (/ eps * (2 * (eps * M) * (1 - sigmoid K ^ n))) by (field; lra).
  apply Rmult_le_compat_l; [left; now apply Rinv_0_lt_compat|exact Near].
Qed.

Theorem any : C10_gru_any.
Proof.
  intros after keeps d n M delta Hn HM Hdelta.
  assert (I : 1 <= INR n) by (apply (le_INR 1); lia).
  set (z := Rmin 1 (delta / (2 * M * INR n))).
  assert (D : 0 < delta / (2 * M * INR n)) by (apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; nra]).
  assert (Hz : 0 < z <= 1) by (unfold z; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Bend : M * (INR n * z) <= delta / 2).
  { apply Rle_trans with (M * (INR n * (delta / (2 * M * INR n)))); [|right; field; lra].
    apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra|apply Rmin_r]. }
  set (beta := Rmin 1 (delta / (2 * M))).
  assert (D' : 0 < delta / (2 * M)) by (apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; lra]).
  assert (B : 0 < beta <= 1) by (unfold beta; split; [apply Rmin_pos; lra|apply Rmin_l]).
  destruct (saturation n beta ltac:(lia) B) as (K & HK & Sat). exists (z / M), K.
  assert (He : 0 < z / M) by (apply Rmult_lt_0_compat; [lra|now apply Rinv_0_lt_compat]).
  intros x j Hx Hj. eapply Rle_trans; [now apply (copied after keeps d n (z / M) K M Hn He HM x j)|].
  replace (z / M * M) with z by (field; lra). pose proof (kept_above n z ltac:(lra)) as Above.
  assert (M * (1 - kept n z) <= M * (INR n * z)) by (apply Rmult_le_compat_l; lra).
  pose proof (bernoulli (1 - sigmoid K) n ltac:(pose proof (sigmoid_pos K); pose proof (sigmoid_lt_1 K); lra)) as Bn.
  replace (1 - (1 - sigmoid K)) with (sigmoid K) in Bn by ring. pose proof (sigmoid_gap K) as Gap.
  assert (INR n * (1 - sigmoid K) <= INR n * exp (- K)) by (apply Rmult_le_compat_l; lra).
  assert (2 * M * (1 - sigmoid K ^ n) <= M * beta) by nra.
  assert (M * beta <= M * (delta / (2 * M))) by (apply Rmult_le_compat_l; [lra|apply Rmin_r]).
  replace (M * (delta / (2 * M))) with (delta / 2) in * by (field; lra). lra.
Qed.
