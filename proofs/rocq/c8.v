(** C8: the thermometer latch in the tanh and the sigmoid RNN, the GRU in all four conventions and the LSTM, for ever. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics analysis line c5 latch.
Open Scope R_scope.

(** * Rows of the weights *)

Lemma diagonal_row d m k (c : R) (h : vector) : (m <= d)%nat -> (k < m)%nat ->
  dot d (fun j => if (Nat.eqb k j && Nat.ltb k m)%bool then c else 0) h = c * h k.
Proof.
  intros Hd Hk. unfold dot. replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
  rewrite (sum_ext d _ (fun j => (if Nat.eqb j k then c else 0) * h j))
    by (intros j _; rewrite Bool.andb_true_r; now rewrite Nat.eqb_sym).
  rewrite sum_single. now replace (Nat.ltb k d) with true by (symmetry; apply Nat.ltb_lt; lia).
Qed.

Lemma read_levels d m worth offset h : (m <= d)%nat ->
  read d (C8_readout m worth offset) h = worth / INR m * sum m h + offset.
Proof.
  intros Hd. unfold read, dot, C8_readout; cbn [V v0]. f_equal. replace d with (m + (d - m))%nat by lia.
  rewrite sum_split, (sum_zero (d - m)).
  - rewrite Rplus_0_r, <- sum_scale. apply sum_ext. intros k Hk.
    now replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
  - intros k _. replace (Nat.ltb (m + k) m) with false by (symmetry; apply Nat.ltb_ge; lia). lra.
Qed.

Lemma bias d m c h x k : (k < m)%nat -> affine d (C8_bias m c) h x k = c.
Proof.
  intros Hk. unfold affine, C8_bias; cbn [W U b]. rewrite dot_mat. cbn [row terms vec].
  replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt). lra.
Qed.

Lemma gate_input d m M kappa Gamma g h x k : (m <= d)%nat -> (k < m)%nat ->
  dot d (W (C8_gate m M kappa Gamma g) k) h = g ^ 2 * Gamma * h k /\
  input_map (C8_gate m M kappa Gamma g) x k = g * (kappa * (x - C8_threshold m M k)) /\
  affine d (C8_gate m M kappa Gamma g) h x k = g ^ 2 * Gamma * h k + g * (kappa * (x - C8_threshold m M k)).
Proof.
  intros Hd Hk. unfold affine, input_map, C8_gate; cbn [W U b]. rewrite (diagonal_row d m k (g ^ 2 * Gamma)) by assumption.
  replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt). repeat split; ring.
Qed.

Lemma tanh_sign e z : sign e -> tanh (e * z) = e * tanh z.
Proof.
  intros [-> | ->]; [now rewrite !Rmult_1_l|]. replace (-1 * z) with (- z) by ring. rewrite tanh_odd. ring.
Qed.

Lemma tanh_unit u : 0 <= u -> 0 <= tanh u <= 1.
Proof. intros Hu. pose proof (tanh_nonneg u Hu). pose proof (tanh_bounds u). lra. Qed.

Lemma tanh_abs_1 z : Rabs (tanh z) <= 1.
Proof. apply abs_le. pose proof (tanh_bounds z). lra. Qed.

Lemma mixed phi a c : 0 <= phi <= 1 -> Rabs a <= 1 -> Rabs c <= 1 -> Rabs ((1 - phi) * a + phi * c) <= 1.
Proof. intros P A C. apply abs_le_inv in A. apply abs_le_inv in C. apply abs_le. nra. Qed.

(** * tanh *)

Lemma tanh_step d m M kappa Gamma h x k : (m <= d)%nat -> (k < m)%nat ->
  elman_step tanh d (C8_weights m M kappa Gamma) h x k = tanh (Gamma * h k + kappa * (x - C8_threshold m M k)).
Proof.
  intros Hd Hk. unfold elman_step. cbn [C8_weights elman_h].
  destruct (gate_input d m M kappa Gamma 1 h x k Hd Hk) as (_ & _ & ->). f_equal. ring.
Qed.

Lemma tanh_state d m M kappa Gamma x t k : (m <= d)%nat -> (k < m)%nat ->
  run (elman_step tanh d (C8_weights m M kappa Gamma)) zero x (S t) k =
  unit_state m M kappa R tanh (fun h z => tanh (Gamma * h + z)) x k t.
Proof.
  intros Hd Hk. induction t as [|t IH]; rewrite run_S, tanh_step by assumption.
  - cbn [run unit_state]. unfold zero. rewrite Rmult_0_r, Rplus_0_l. reflexivity.
  - rewrite IH. reflexivity.
Qed.

Lemma tanh_reads d m M kappa Gamma T : (1 <= m <= d)%nat -> 0 < Gamma ->
  reads_levels m M kappa Gamma T tanh tanh (tanh_output d (C8_weights m M kappa Gamma)).
Proof.
  intros Hm HG (HM & Hkappa & HT & Far) t x Hx.
  unfold tanh_output, elman_output. change (elman_start (C8_weights m M kappa Gamma)) with zero.
  change (elman_out (C8_weights m M kappa Gamma)) with (C8_readout m M 0). rewrite read_levels, Rplus_0_r by lia.
  rewrite (sum_ext m _ _ (fun k Hk => tanh_state d m M kappa Gamma x t k ltac:(lia) Hk)).
  apply (latched m M kappa Gamma T tanh tanh ltac:(lia) HM Hkappa HT Far tanh_unit R tanh (fun h z => tanh (Gamma * h + z)) (fun
    h => h)
    (fun e u h => tanh u <= e * h) (fun h => Rabs h <= 1)) with (t := t); auto.
  - intros e u z He Hu. rewrite <- (tanh_sign e) by exact He. apply tanh_le. lra.
  - intros e u v z h He Hu Hv _ Held. rewrite <- (tanh_sign e) by exact He. apply tanh_le. nra.
  - intros e u v h Huv Held. pose proof (tanh_le u v ltac:(lra)). lra.
  - apply tanh_abs_1.
  - intros h z _. apply tanh_abs_1.
Qed.

Theorem tanh_latches : C8.
Proof. intros d m M kappa Gamma T w Hm HG Cond. apply (for_ever m M kappa Gamma T w tanh tanh);
  [exact Cond|now apply tanh_reads]. Qed.

Theorem tanh_latches_grid : C8_grid.
Proof.
  intros d m M kappa Gamma T Hm HG Cond. apply (for_ever_on_grid m M kappa Gamma T tanh tanh);
    [lia|exact Cond|now apply tanh_reads].
Qed.

(** * Sigmoid *)

Lemma sigmoid_step d m M kappa Gamma B h x k : (m < d)%nat -> (k < m)%nat ->
  elman_step sigmoid d (C8_sigmoid_weights m M kappa Gamma B) h x k =
  (1 + tanh (2 * Gamma * h k - Gamma * h m + kappa * (x - C8_threshold m M k))) / 2 /\
  elman_step sigmoid d (C8_sigmoid_weights m M kappa Gamma B) h x m = (1 + tanh B) / 2.
Proof.
  intros Hd Hk. rewrite <- !sigmoid_tanh. unfold elman_step, affine, C8_sigmoid_weights; cbn [elman_h W U b].
  pose proof (gate_input d m M kappa Gamma 2 h x k ltac:(lia) Hk) as (Row & In & _). unfold input_map in In.
  split; f_equal.
  - replace (Nat.eqb k m) with false by (symmetry; apply Nat.eqb_neq; lia).
    assert (D : dot d (fun j => if (Nat.eqb j m && Nat.ltb k m)%bool then -2 * Gamma else W (C8_gate m M kappa Gamma 2) k j) h
      = -2 * Gamma * h m + dot d (W (C8_gate m M kappa Gamma 2) k) h).
    { unfold dot. rewrite <- (Rmult_1_l (-2 * Gamma * h m)).
      replace (1 * (-2 * Gamma * h m)) with (sum d (fun j => (if Nat.eqb j m then -2 * Gamma else 0) * h j)).
      - rewrite <- sum_plus. apply sum_ext. intros j _. replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
        rewrite Bool.andb_true_r. destruct (Nat.eqb_spec j m) as [->|]; [|lra]. cbn [C8_gate W].
        replace (Nat.eqb k m) with false by (symmetry; apply Nat.eqb_neq; lia). cbn [andb]. lra.
      - rewrite sum_single. replace (Nat.ltb m d) with true by (symmetry; now apply Nat.ltb_lt). ring. }
    rewrite D, Row. lra.
  - rewrite Nat.eqb_refl. replace (Nat.ltb m m) with false by (symmetry; apply Nat.ltb_irrefl).
    unfold dot. rewrite sum_zero; [cbn [C8_gate U]; rewrite Nat.ltb_irrefl; lra|].
    intros j _. rewrite Bool.andb_false_r. cbn [C8_gate W]. rewrite Nat.ltb_irrefl, Bool.andb_false_r. lra.
Qed.

Lemma sigmoid_state d m M kappa Gamma B x t k : (m < d)%nat -> (k < m)%nat ->
  run (elman_step sigmoid d (C8_sigmoid_weights m M kappa Gamma B)) zero x (S t) k =
  (1 + unit_state m M kappa R tanh (fun h z => tanh (Gamma * (h + sigmoid (- (2 * B))) + z)) x k t) / 2.
Proof.
  intros Hd Hk. set (step := elman_step sigmoid d (C8_sigmoid_weights m M kappa Gamma B)).
  assert (Flag : forall t, run step zero x (S t) m = (1 + tanh B) / 2)
    by (intros t'; rewrite run_S; now destruct (sigmoid_step d m M kappa Gamma B (run step zero x t') (x (S t')) k Hd Hk) as [_ E]).
  assert (Q : sigmoid (- (2 * B)) = (1 - tanh B) / 2) by (replace (- (2 * B)) with (2 * - B) by ring;
    rewrite sigmoid_tanh, tanh_odd; field).
  induction t as [|t IH]; rewrite run_S.
  - cbn [run unit_state]. destruct (sigmoid_step d m M kappa Gamma B zero (x 1%nat) k Hd Hk) as [E _]. unfold step. rewrite E.
    unfold zero.
    do 3 f_equal. ring.
  - destruct (sigmoid_step d m M kappa Gamma B (run step zero x (S t)) (x (S (S t))) k Hd Hk) as [E _].
    unfold step at 1. rewrite E, Flag, IH. cbn [unit_state]. do 3 f_equal. rewrite Q. field.
Qed.

Lemma sigmoid_reads d m M kappa Gamma T B : (1 <= m < d)%nat -> 0 < Gamma -> 0 < B ->
  reads_levels m M kappa Gamma T (fun u => tanh u - sigmoid (- (2 * B))) tanh
    (sigmoid_output d (C8_sigmoid_weights m M kappa Gamma B)).
Proof.
  intros Hm HG HB (HM & Hkappa & HT & Far) t x Hx.
  set (q := sigmoid (- (2 * B))) in *. assert (Q : 0 < q) by apply sigmoid_pos.
  unfold sigmoid_output, elman_output. change (elman_start (C8_sigmoid_weights m M kappa Gamma B)) with zero.
  change (elman_out (C8_sigmoid_weights m M kappa Gamma B)) with (C8_readout m (2 * M) (- M)). rewrite read_levels by lia.
  rewrite (sum_ext m _ _ (fun k Hk => sigmoid_state d m M kappa Gamma B x t k ltac:(lia) Hk)). fold q.
  set (u := fun k => unit_state m M kappa R tanh (fun h z => tanh (Gamma * (h + q) + z)) x k t).
  assert (I : 0 < INR m) by (apply lt_0_INR; lia).
  apply (latched m M kappa Gamma T (fun u => tanh u - q) tanh ltac:(lia) HM Hkappa HT Far tanh_unit R tanh
    (fun h z => tanh (Gamma * (h + q) + z)) (fun h => h) (fun e u h => tanh u <= e * h) (fun h => Rabs h <= 1)) with (t := t); auto.
  - intros e v z He Hu. rewrite <- (tanh_sign e) by exact He. apply tanh_le. lra.
  - intros e v v' z h He Hu Hv _ Held. rewrite <- (tanh_sign e) by exact He. apply tanh_le.
    assert (- q <= e * q) by (destruct He as [-> | ->]; lra). nra.
  - intros e v v' h Huv Held. pose proof (tanh_le v v' ltac:(lra)). lra.
  - apply tanh_abs_1.
  - intros h z _. apply tanh_abs_1.
  - rewrite (sum_ext m (fun k => (1 + unit_state _ _ _ _ _ _ _ _ _) / 2) (fun k => / 2 * 1 + / 2 * u k)) by (intros; unfold u;
      field).
    rewrite sum_plus, !sum_scale, sum_const. unfold u. field. lra.
Qed.

Theorem sigmoid_latches : C8_sigmoid.
Proof.
  intros d m M kappa Gamma T w B Hm HG HB Cond. eapply for_ever; [exact Cond|now apply sigmoid_reads].
Qed.

Theorem sigmoid_latches_grid : C8_sigmoid_grid.
Proof.
  intros d m M kappa Gamma T B Hm HG HB Cond. eapply for_ever_on_grid; [lia|exact Cond|now apply sigmoid_reads].
Qed.

(** * GRU *)

Lemma gru_unit after keeps d m M kappa Gamma K h x k : (m <= d)%nat -> (k < m)%nat ->
  gru_step after keeps d (C8_gru_weights keeps m M kappa Gamma K) h x k =
  (1 - sigmoid K) * h k + sigmoid K * tanh (Gamma * sigmoid K * h k + kappa * (x - C8_threshold m M k)).
Proof.
  intros Hd Hk. unfold gru_step, C8_gru_weights; cbn [gru_z gru_r gru_n gru_c].
  assert (Inner : (if after then (fun j => sigmoid (affine d (C8_bias m K) h x j) * (dot d (W (C8_gate m M kappa Gamma 1) j) h
    + zero j)
      + input_map (C8_gate m M kappa Gamma 1) x j)
    else affine d (C8_gate m M kappa Gamma 1) (fun j => sigmoid (affine d (C8_bias m K) h x j) * h j) x) k =
    Gamma * sigmoid K * h k + kappa * (x - C8_threshold m M k)).
  { destruct (gate_input d m M kappa Gamma 1 h x k Hd Hk) as (E1 & E2 & _). destruct after.
    - rewrite E1, E2, bias by exact Hk. unfold zero. ring.
    - destruct (gate_input d m M kappa Gamma 1 (fun j => sigmoid (affine d (C8_bias m K) h x j) * h j) x k Hd Hk) as (_ & _ & E3).
      rewrite E3, bias by exact Hk. ring. }
  destruct keeps; rewrite Inner, bias by exact Hk; [rewrite sigmoid_opp; ring|reflexivity].
Qed.

Lemma gru_state after keeps d m M kappa Gamma K x t k : (m <= d)%nat -> (k < m)%nat ->
  run (gru_step after keeps d (C8_gru_weights keeps m M kappa Gamma K)) zero x (S t) k =
  unit_state m M kappa R (fun z => sigmoid K * tanh z)
    (fun h z => (1 - sigmoid K) * h + sigmoid K * tanh (Gamma * sigmoid K * h + z)) x k t.
Proof.
  intros Hd Hk. induction t as [|t IH]; rewrite run_S, gru_unit by assumption.
  - cbn [run unit_state]. unfold zero. rewrite !Rmult_0_r, !Rplus_0_l. reflexivity.
  - rewrite IH. reflexivity.
Qed.

Lemma gru_reads after keeps d m M kappa Gamma T K : (1 <= m <= d)%nat -> 0 < Gamma -> 0 < K ->
  let phi := sigmoid K in let show u := phi * tanh u in
  reads_levels m M kappa Gamma T (fun u => phi * show u) show (gru_output after keeps d (C8_gru_weights keeps m M kappa Gamma K)).
Proof.
  intros Hm HG HK phi show (HM & Hkappa & HT & Far) t x Hx.
  assert (P : 0 < phi < 1) by (split; [apply sigmoid_pos|apply sigmoid_lt_1]).
  unfold gru_output. change (gru_start (C8_gru_weights keeps m M kappa Gamma K)) with zero.
  change (gru_out (C8_gru_weights keeps m M kappa Gamma K)) with (C8_readout m M 0). rewrite read_levels, Rplus_0_r by lia.
  rewrite (sum_ext m _ _ (fun k Hk => gru_state after keeps d m M kappa Gamma K x t k ltac:(lia) Hk)). fold phi.
  assert (Show : forall u, 0 <= u -> 0 <= show u <= 1) by (intros u Hu; pose proof (tanh_unit u Hu); unfold show; nra).
  apply (latched m M kappa Gamma T (fun u => phi * show u) show ltac:(lia) HM Hkappa HT Far Show R (fun z => phi * tanh z)
    (fun h z => (1 - phi) * h + phi * tanh (Gamma * phi * h + z)) (fun h => h) (fun e u h => show u <= e * h)
      (fun h => Rabs h <= 1)) with (t := t); auto.
  - intros e u z He Hu. unfold show. replace (e * (phi * tanh z)) with (phi * (e * tanh z)) by ring.
    rewrite <- (tanh_sign e) by exact He.
    apply Rmult_le_compat_l; [lra|]. apply tanh_le. lra.
  - intros e u v z h He Hu Hv _ Held. pose proof (Show u Hu).
    replace (e * ((1 - phi) * h + phi * tanh (Gamma * phi * h + z)))
      with ((1 - phi) * (e * h) + phi * (e * tanh (Gamma * phi * h + z))) by ring.
    rewrite <- (tanh_sign e) by exact He. assert (tanh v <= tanh (e * (Gamma * phi * h + z))).
    { apply tanh_le. assert (0 <= Gamma * phi * (e * h - show u)) by (repeat apply Rmult_le_pos; lra). lra. }
    unfold show at 1. nra.
  - intros e u v h Huv Held. pose proof (tanh_le u v ltac:(lra)). unfold show in *. nra.
  - intros z. pose proof (tanh_abs_1 z) as A. apply abs_le_inv in A. apply abs_le. nra.
  - intros h z Fit. apply mixed; [lra|exact Fit|apply tanh_abs_1].
Qed.

Theorem gru_latches : C8_gru.
Proof.
  intros after keeps d m M kappa Gamma T w K Hm HG HK phi show Cond. eapply for_ever; [exact Cond|now apply gru_reads].
Qed.

Theorem gru_latches_grid : C8_gru_grid.
Proof.
  intros after keeps d m M kappa Gamma T K Hm HG HK phi show Cond.
  eapply for_ever_on_grid; [lia|exact Cond|now apply gru_reads].
Qed.

(** * LSTM *)

Lemma lstm_unit d m M kappa Gamma K rho (h c : vector) x k : (m <= d)%nat -> (k < m)%nat ->
  let c' := (1 - sigmoid K) * c k + sigmoid K * tanh (Gamma * h k + kappa * (x - C8_threshold m M k)) in
  snd (lstm_step d (C8_lstm_weights m M kappa Gamma K rho) (h, c) x) k = c' /\
  fst (lstm_step d (C8_lstm_weights m M kappa Gamma K rho) (h, c) x) k = sigmoid K * tanh c'.
Proof.
  intros Hd Hk c'. unfold lstm_step, C8_lstm_weights; cbn [lstm_f lstm_i lstm_o lstm_g fst snd].
  destruct (gate_input d m M kappa Gamma 1 h x k Hd Hk) as (_ & _ & E). rewrite !bias, E by exact Hk. rewrite sigmoid_opp.
  replace (1 ^ 2 * Gamma * h k + 1 * (kappa * (x - C8_threshold m M k))) with (Gamma * h k + kappa * (x - C8_threshold m M k))
    by ring.
  split; reflexivity.
Qed.

Definition lstm_first (phi z : R) : R * R := (phi * tanh (phi * tanh z), phi * tanh z).
Definition lstm_next (phi Gamma : R) (s : R * R) (z : R) : R * R :=
  let c := (1 - phi) * snd s + phi * tanh (Gamma * fst s + z) in (phi * tanh c, c).

Lemma lstm_state d m M kappa Gamma K rho x t k : (m <= d)%nat -> (k < m)%nat ->
  let s := run (lstm_step d (C8_lstm_weights m M kappa Gamma K rho)) (zero, zero) x (S t) in
  (fst s k, snd s k) = unit_state m M kappa (R * R) (lstm_first (sigmoid K)) (lstm_next (sigmoid K) Gamma) x k t.
Proof.
  intros Hd Hk. cbv zeta. induction t as [|t IH]; rewrite run_S.
  - cbn [run unit_state]. destruct (lstm_unit d m M kappa Gamma K rho zero zero (x 1%nat) k Hd Hk) as [-> ->].
    unfold zero, lstm_first. rewrite !Rmult_0_r, !Rplus_0_l. reflexivity.
  - destruct (run (lstm_step d (C8_lstm_weights m M kappa Gamma K rho)) (zero, zero) x (S t)) as [h c]. cbn [fst snd] in IH.
    destruct (lstm_unit d m M kappa Gamma K rho h c (x (S (S t))) k Hd Hk) as [-> ->]. cbn [unit_state]. rewrite <- IH. reflexivity.
Qed.

Lemma lstm_reads d m M kappa Gamma T K rho : (1 <= m <= d)%nat -> 0 < Gamma -> 0 < K -> 0 < rho ->
  rho * sigmoid K * tanh 1 <= 1 ->
  let phi := sigmoid K in let held u := phi * tanh (phi * tanh u) in
  reads_levels m M kappa Gamma T held (fun u => rho * held u) (lstm_output d (C8_lstm_weights m M kappa Gamma K rho)).
Proof.
  intros Hm HG HK Hrho Full phi held (HM & Hkappa & HT & Far) t x Hx.
  assert (P : 0 < phi < 1) by (split; [apply sigmoid_pos|apply sigmoid_lt_1]). fold phi in Full.
  unfold lstm_output. change (lstm_start (C8_lstm_weights m M kappa Gamma K rho)) with (zero, zero).
  change (lstm_out (C8_lstm_weights m M kappa Gamma K rho)) with (C8_readout m (rho * M) 0). rewrite read_levels, Rplus_0_r by lia.
  rewrite (sum_ext m _ (fun k => fst (unit_state m M kappa (R * R) (lstm_first phi) (lstm_next phi Gamma) x k t)))
    by (intros k Hk; unfold phi; rewrite <- (lstm_state d m M kappa Gamma K rho x t k ltac:(lia) Hk); reflexivity).
  assert (I : 0 < INR m) by (apply lt_0_INR; lia).
  assert (Small : forall c, Rabs c <= 1 -> Rabs (rho * (phi * tanh c)) <= 1).
  { intros c A. apply abs_le_inv in A. pose proof (tanh_le c 1 ltac:(lra)) as U. pose proof (tanh_le (- (1)) c ltac:(lra)) as L.
  rewrite tanh_odd in L.
    assert (RP : 0 < rho * phi) by (apply Rmult_lt_0_compat; lra). rewrite <- Rmult_assoc. apply abs_le. nra. }
  assert (Cell : forall u, 0 <= u -> 0 <= phi * tanh u <= 1) by (intros u Hu; pose proof (tanh_unit u Hu); nra).
  assert (Show : forall u, 0 <= u -> 0 <= rho * held u <= 1).
  { intros u Hu. pose proof (Cell u Hu) as C. pose proof (tanh_nonneg _ (proj1 C)). split.
    - unfold held. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; lra.
    - pose proof (Small (phi * tanh u) ltac:(apply abs_le; lra)) as S1. apply abs_le_inv in S1. unfold held. lra. }
  apply (latched m M kappa Gamma T held (fun u => rho * held u) ltac:(lia) HM Hkappa HT Far Show (R * R) (lstm_first phi)
    (lstm_next phi Gamma)
    (fun s => rho * fst s) (fun e u s => phi * tanh u <= e * snd s /\ held u <= e * fst s)
    (fun s => Rabs (snd s) <= 1 /\ fst s = phi * tanh (snd s))) with (t := t); auto.
  - intros e u z He Hu. unfold lstm_first; cbn [fst snd].
    assert (C1 : phi * tanh u <= e * (phi * tanh z)).
    { replace (e * (phi * tanh z)) with (phi * (e * tanh z)) by ring. rewrite <- (tanh_sign e) by exact He.
      apply Rmult_le_compat_l; [lra|]. apply tanh_le. lra. }
    split; [exact C1|]. unfold held. replace (e * (phi * tanh (phi * tanh z))) with (phi * (e * tanh (phi * tanh z))) by ring.
    rewrite <- (tanh_sign e) by exact He. apply Rmult_le_compat_l; [lra|]. now apply tanh_le.
  - intros e u v z [h c] He Hu Hv _ [Hc Hh]. unfold lstm_next; cbn [fst snd] in *. pose proof (Cell u Hu).
    set (c' := (1 - phi) * c + phi * tanh (Gamma * h + z)).
    assert (C1 : phi * tanh v <= e * c').
    { unfold c'. replace (e * ((1 - phi) * c + phi * tanh (Gamma * h + z)))
      with ((1 - phi) * (e * c) + phi * (e * tanh (Gamma * h + z))) by ring.
      rewrite <- (tanh_sign e) by exact He. assert (tanh v <= tanh (e * (Gamma * h + z))); [|nra].
      apply tanh_le. assert (0 <= Gamma * (e * h - held u)) by (apply Rmult_le_pos; lra). lra. }
    split; [exact C1|]. unfold held. replace (e * (phi * tanh c')) with (phi * (e * tanh c')) by ring.
    rewrite <- (tanh_sign e) by exact He. apply Rmult_le_compat_l; [lra|]. now apply tanh_le.
  - intros e u v [h c] Huv [Hc Hh]. cbn [fst snd] in *. pose proof (tanh_le u v ltac:(lra)).
    assert (A : phi * tanh u <= phi * tanh v) by (apply Rmult_le_compat_l; lra). split; [lra|].
    apply Rle_trans with (held v); [|exact Hh]. unfold held. apply Rmult_le_compat_l; [lra|]. now apply tanh_le.
  - intros e u [h c] He Hu [_ Hh]. cbn [fst snd] in *. nra.
  - intros z. unfold lstm_first; cbn [fst snd]. split; [|reflexivity]. pose proof (tanh_abs_1 z) as A. apply abs_le_inv in A.
    apply abs_le. nra.
  - intros [h c] z [Fit _]. unfold lstm_next; cbn [fst snd] in *. split; [|reflexivity].
    apply mixed; [lra|exact Fit|apply tanh_abs_1].
  - intros [h c] [Fit E]. cbn [fst snd] in *. rewrite E. now apply Small.
  - rewrite sum_scale. field. lra.
Qed.

Theorem lstm_latches : C8_lstm.
Proof.
  intros d m M kappa Gamma T w K rho Hm HG HK Hrho Full phi held Cond. eapply for_ever; [exact Cond|now apply lstm_reads].
Qed.

Theorem lstm_latches_grid : C8_lstm_grid.
Proof.
  intros d m M kappa Gamma T K rho Hm HG HK Hrho Full phi held Cond.
  eapply for_ever_on_grid; [lia|exact Cond|now apply lstm_reads].
Qed.

(** * Sizes of the tanh latch for every tolerance above M/m *)

Theorem tanh_any : C8_any.
Proof.
  intros d m M delta Hm HM Hdelta. set (s := M / INR m) in *. pose proof (share_pos m M ltac:(lia) HM) as Pos. fold s in Pos.
  pose proof (count_pos m ltac:(lia)) as C. pose proof (shares m M ltac:(lia)) as E. fold s in E.
  set (w := (delta - s) / 2). assert (Hw : 0 < w) by (unfold w; lra).
  set (r := Rmin 1 (w / M)). assert (WM : 0 < w / M) by (apply Rmult_lt_0_compat; [exact Hw|now apply Rinv_0_lt_compat]).
  assert (R1 : 0 < r <= 1) by (unfold r; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (Mr : M * r <= w).
  { apply Rle_trans with (M * (w / M)); [apply Rmult_le_compat_l; [lra|apply Rmin_r]|right; field; lra]. }
  destruct (saturated r R1) as (K & HK & Sat). set (kappa := K / s).
  assert (Hk : 0 < kappa) by (apply Rmult_lt_0_compat; [exact HK|now apply Rinv_0_lt_compat]).
  assert (Ks : kappa * s = K) by (unfold kappa; field; lra).
  assert (T1 : 0 < tanh (kappa * s)) by (apply tanh_pos; lra). assert (T2 : 0 < tanh (kappa * w)) by (apply tanh_pos; nra).
  set (g1 := kappa * (2 * M - s) + K). set (g2 := kappa * (2 * M - s + w)).
  assert (SM : s <= M) by nra. assert (G1 : 0 < g1) by (unfold g1; assert (0 <= kappa * (2 * M - s)) by (apply Rmult_le_pos;
    lra); lra).
  assert (G2 : 0 < g2) by (unfold g2; apply Rmult_lt_0_compat; lra).
  assert (Q1 : 0 < g1 / tanh (kappa * s)) by (apply Rmult_lt_0_compat; [exact G1|now apply Rinv_0_lt_compat]).
  assert (Q2 : 0 < g2 / tanh (kappa * w)) by (apply Rmult_lt_0_compat; [exact G2|now apply Rinv_0_lt_compat]).
  set (Gamma := g1 / tanh (kappa * s) + g2 / tanh (kappa * w)).
  destruct (Sat K (Rle_refl K)) as [S1 _]. destruct (Sat (3 * K) ltac:(lra)) as [S3 _].
  exists kappa, Gamma. intros n Hn. apply (recalls_less (C8_bound m M K w tanh)).
  - unfold C8_bound. fold s. assert ((M - s) * (1 - tanh K) <= M * r); [|unfold w in *; lra].
    pose proof (tanh_bounds K). apply Rmult_le_compat; lra.
  - apply (tanh_latches d m M kappa Gamma K w Hm); [unfold Gamma; lra| |exact Hn].
    unfold C8_conditions. fold s. repeat split; try assumption.
    + lra.
    + fold g1. unfold Gamma. assert (g1 = g1 / tanh (kappa * s) * tanh (kappa * s)) by (field; lra). nra.
    + fold g2. unfold Gamma. assert (g2 = g2 / tanh (kappa * w) * tanh (kappa * w)) by (field; lra). nra.
    + rewrite Ks. replace (3 * kappa * s) with (3 * K) by (rewrite <- Ks; ring).
      pose proof (tanh_bounds K). assert (0 <= (M - s) * (1 - tanh K)) by (apply Rmult_le_pos; lra).
      assert (s * (1 - tanh K + (INR m - 1) * (1 - tanh (3 * K))) <= M * r); [|lra].
      rewrite <- E. replace (INR m * s * r) with (s * (r + (INR m - 1) * r)) by ring. apply Rmult_le_compat_l; [lra|].
      apply Rplus_le_compat; [exact S1|]. apply Rmult_le_compat_l; lra.
Qed.
