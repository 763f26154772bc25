(** C16: the lattice network reaches T5's floor at every n <= N, on the whole box. *)

From Coq Require Import Reals List Binomial Lra Lia.
From Recall Require Import definitions statements basics linear t3b t3c t5 filters.
Import ListNotations.
Open Scope R_scope.

(** * Binomials *)

Lemma choose_mirror m i j : (i + j = m)%nat -> choose m i = choose m j.
Proof. intros H. rewrite !choose_C by lia. rewrite (pascal_step1 m i) by lia. f_equal. lia. Qed.

Lemma choose_step m i j : (i + j = S m)%nat -> choose m i + choose m j = choose (S m) j.
Proof.
  intros H. destruct j as [|j]; cbn [choose]; [rewrite (choose_beyond m i), choose_0 by lia; ring|].
  now rewrite (choose_mirror m i j) by lia.
Qed.

Lemma newton a m : (1 + a) ^ m = sum (S m) (fun i => choose m i * a ^ i).
Proof.
  induction m as [|m IH]; [simpl; ring|].
  rewrite sum_head. cbn [choose]. rewrite (sum_ext (S m) _ (fun i => a * (choose m i * a ^ i) + choose m (S i) * a ^ S i))
    by (intros; cbn [choose pow]; ring).
  rewrite sum_plus, sum_scale, <- IH.
  assert (T : choose m 0 * a ^ 0 + sum (S m) (fun i => choose m (S i) * a ^ S i) = (1 + a) ^ m).
  { rewrite IH. change (sum (S m) (fun i => choose m (S i) * a ^ S i)) with
      (sum m (fun i => choose m (S i) * a ^ S i) + choose m (S m) * a ^ S m).
    rewrite (choose_beyond m (S m)), (sum_head m (fun i => choose m i * a ^ i)) by lia. ring. }
  replace ((1 + a) ^ S m) with ((1 + a) ^ m + a * (1 + a) ^ m) by (simpl; ring). lra.
Qed.

(** * Contributions of an input that i inputs M and j inputs -M follow *)

Section network.
Variables (d N : nat) (M : R) (z w : vector).
Hypotheses (HN : (1 <= N)%nat) (Hd : (2 * N - 1 <= d)%nat) (HM : 0 < M) (Points : C16_points N z w).

Notation units := (2 * N - 1)%nat.
Notation eta := (/ Binomial.C (N - 1) ((N - 1) / 2)).
Notation net := (C16_weights units M z).
Notation out := (first_units units (fun k => 2 * eta * M * w k / (1 + z k))).

Lemma gate_at_M k : (k < units)%nat -> diagonal_a net M k = 1 + / z k /\ diagonal_b net M k = 1.
Proof.
  intros Hk. destruct (proj1 Points k Hk). unfold C16_weights; cbn [affine_diagonal diagonal_a diagonal_b].
  unfold input_map; cbn [U b]. rewrite !first_low by exact Hk. split; field; lra.
Qed.

Lemma gate_at_minus k : (k < units)%nat -> diagonal_a net (- M) k = 1 + z k /\ diagonal_b net (- M) k = - z k.
Proof.
  intros Hk. destruct (proj1 Points k Hk). unfold C16_weights; cbn [affine_diagonal diagonal_a diagonal_b].
  unfold input_map; cbn [U b]. rewrite !first_low by exact Hk. split; field; lra.
Qed.

(** Sums over the units of w z^e (1 + z)^m / z^i are binomials. *)
Lemma moment e m i : (e + m < N)%nat -> (i < N)%nat ->
  sum units (fun k => w k * (z k ^ e * (1 + z k) ^ m / z k ^ i)) = if Nat.leb e i then choose m (i - e) else 0.
Proof.
  intros He Hi. destruct Points as (_ & Moments & _).
  rewrite (sum_ext units _ (fun k => sum (S m) (fun a => choose m a * (w k * (z k ^ (e + a) / z k ^ i))))).
  - rewrite sum_swap. rewrite (sum_ext (S m) _ (fun a => choose m a * if Nat.eqb (e + a) i then 1 else 0))
      by (intros a Ha; now rewrite sum_scale, Moments by lia).
    destruct (Nat.leb_spec e i) as [L|G].
    + destruct (Nat.le_gt_cases (i - e) m) as [In|Out].
      * rewrite (sum_only (S m) (i - e)); [|lia|].
        -- replace (Nat.eqb (e + (i - e)) i) with true by (symmetry; apply Nat.eqb_eq; lia). ring.
        -- intros a _ Ne. replace (Nat.eqb (e + a) i) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
      * rewrite choose_beyond by lia. apply sum_zero. intros a Ha.
        replace (Nat.eqb (e + a) i) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
    + apply sum_zero. intros a Ha. replace (Nat.eqb (e + a) i) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
  - intros k Hk. rewrite newton. unfold Rdiv. rewrite (Rmult_comm (z k ^ e)), Rmult_assoc, Rmult_comm, Rmult_assoc.
    rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros a _. rewrite pow_add. ring.
Qed.

Definition share (i j : nat) : R := match (i + j)%nat with O => 1 / 2 | S m => choose m i end.

Lemma contribution (v : nat -> R) i j (c : nat -> R) :
  (forall k, (k < units)%nat -> first units (fun k => 2 * eta * M * w k / (1 + z k)) k * (v k * later net M i j k) =
    2 * eta * M * c k) ->
  sum d (fun k => first units (fun k => 2 * eta * M * w k / (1 + z k)) k * (v k * later net M i j k)) =
  2 * eta * M * sum units c.
Proof.
  intros E. replace d with (units + (d - units))%nat by lia. rewrite sum_split, (sum_zero (d - units)).
  - rewrite Rplus_0_r, <- sum_scale. now apply sum_ext.
  - intros k _. unfold first. replace (Nat.ltb (units + k) units) with false by (symmetry; apply Nat.ltb_ge; lia). ring.
Qed.

Lemma later_power k i j : (k < units)%nat -> later net M i j k = (1 + z k) ^ (i + j) / z k ^ i.
Proof.
  intros Hk. unfold later. destruct (gate_at_M k Hk) as [-> _], (gate_at_minus k Hk) as [-> _].
  destruct (proj1 Points k Hk) as [Nz _]. replace (1 + / z k) with ((1 + z k) * / z k) by (field; exact Nz).
  rewrite Rpow_mult_distr, pow_inv, pow_add. unfold Rdiv. ring.
Qed.

Lemma contribution_P i j : (i + j < N)%nat -> P d net M (V out) i j = 2 * eta * M * share i j.
Proof.
  intros H. unfold P. cbn [first_units V].
  rewrite (contribution (diagonal_b net M) i j (fun k => w k * ((1 + z k) ^ (i + j) / (1 + z k) / z k ^ i))).
  - f_equal. unfold share. destruct (i + j)%nat as [|m] eqn:E.
    + destruct Points as (Nz & _ & Half). rewrite <- Half. apply sum_ext. intros k Hk. replace i with O by lia.
      destruct (Nz k Hk). simpl. field. assumption.
    + rewrite (sum_ext units _ (fun k => w k * (z k ^ 0 * (1 + z k) ^ m / z k ^ i))).
      * rewrite (moment 0 m i) by lia. cbn [Nat.leb]. now rewrite Nat.sub_0_r.
      * intros k Hk. destruct (proj1 Points k Hk). simpl. field. split; [apply pow_nonzero|]; assumption.
  - intros k Hk. rewrite first_low, later_power by exact Hk. destruct (gate_at_M k Hk) as [_ ->].
    destruct (proj1 Points k Hk). unfold Rdiv. ring.
Qed.

Lemma contribution_Q i j : (i + j < N)%nat -> Q d net M (V out) i j = - (2 * eta * M * share j i).
Proof.
  intros H. unfold Q. cbn [first_units V].
  rewrite (contribution (diagonal_b net (- M)) i j (fun k => - (w k * (z k * (1 + z k) ^ (i + j) / (1 + z k) / z k ^ i)))).
  - rewrite Ropp_mult_distr_r. f_equal. rewrite (sum_ext units _ (fun k => -1 * (w k * (z k * (1 + z k) ^ (i + j) / (1 + z k)
      / z k ^ i)))) by (intros; ring). rewrite sum_scale.
    enough (S : sum units (fun k => w k * (z k * (1 + z k) ^ (i + j) / (1 + z k) / z k ^ i)) = share j i) by (rewrite S; ring).
    unfold share. rewrite (Nat.add_comm j i). destruct (i + j)%nat as [|m] eqn:E.
    + destruct Points as (Nz & Moments & Half).
      rewrite (sum_ext units _ (fun k => w k * (z k ^ 0 / z k ^ 0) + -1 * (w k / (1 + z k)))).
      * rewrite sum_plus, sum_scale, Moments, Half by lia. simpl. field.
      * intros k Hk. replace i with O by lia. destruct (Nz k Hk). simpl. field. assumption.
    + rewrite (sum_ext units _ (fun k => w k * (z k ^ 1 * (1 + z k) ^ m / z k ^ i))).
      * rewrite (moment 1 m i) by lia. destruct i as [|i]; cbn [Nat.leb]; [now rewrite choose_beyond by lia|].
        apply choose_mirror. lia.
      * intros k Hk. destruct (proj1 Points k Hk). simpl. field. split; [apply pow_nonzero|]; assumption.
  - intros k Hk. rewrite first_low, later_power by exact Hk. destruct (gate_at_minus k Hk) as [_ ->].
    destruct (proj1 Points k Hk). unfold Rdiv. ring.
Qed.

(** * Lattice paths *)

Notation path := (value (P d net M (V out)) (Q d net M (V out)) 0 0).

Lemma eta_range m j : (m < N)%nat -> 0 < eta /\ 0 <= choose m j /\ eta * choose m j <= 1.
Proof.
  intros Hm. pose proof (t3b.C_positive (N - 1) ((N - 1) / 2)) as Pos.
  assert (choose m j <= Binomial.C (N - 1) ((N - 1) / 2)).
  { eapply Rle_trans; [apply (choose_monotone m (N - 1)); lia|apply choose_central]. }
  split; [now apply Rinv_0_lt_compat|]. split; [apply choose_nonneg|].
  apply Rmult_le_reg_l with (Binomial.C (N - 1) ((N - 1) / 2)); [exact Pos|].
  rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l, Rmult_1_r by lra. assumption.
Qed.

Lemma path_bounds u : forall m, length u = S m -> (m < N)%nat ->
  - (eta * M * (2 * choose m (pluses u) - 1)) <= path u <= eta * M * (2 * choose m (minuses u) - 1) /\
  forall u' s, u = u' ++ [s] -> if s then eta * M <= path u else path u <= - (eta * M).
Proof.
  induction u as [|s u IH] using rev_ind; intros m Hm Hl; [discriminate|].
  rewrite app_length in Hm; cbn [length] in Hm. rewrite value_app, pluses_app, minuses_app. cbn [Nat.add].
  destruct (eta_range 0 0 ltac:(lia)) as (E0 & _ & _). assert (E : 0 < eta * M) by now apply Rmult_lt_0_compat.
  assert (Last : forall u' s', u ++ [s] = u' ++ [s'] -> s' = s) by (intros u' s' Eq; apply app_inj_tail in Eq; now destruct Eq).
  destruct m as [|m].
  - destruct u as [|? u]; [|cbn in Hm; lia].
    assert (P0 : P d net M (V out) 0 0 = eta * M) by (rewrite contribution_P by lia; unfold share; cbn [Nat.add]; lra).
    assert (Q0 : Q d net M (V out) 0 0 = - (eta * M)) by (rewrite contribution_Q by lia; unfold share; cbn [Nat.add]; lra).
    split; [|intros u' s' Eq; rewrite (Last _ _ Eq)]; destruct s; cbn [value pluses minuses choose Nat.add]; rewrite ?P0, ?Q0; lra.
  - assert (Lu : (pluses u + minuses u = S m)%nat) by (rewrite <- length_counts; lia).
    destruct (IH m ltac:(lia) ltac:(lia)) as [[Low High] _].
    assert (HP : P d net M (V out) (pluses u) (minuses u) = 2 * (eta * M) * choose m (pluses u)).
    { rewrite contribution_P by lia. unfold share. rewrite Lu. ring. }
    assert (HQ : Q d net M (V out) (pluses u) (minuses u) = - (2 * (eta * M) * choose m (minuses u))).
    { rewrite contribution_Q by lia. unfold share. rewrite Nat.add_comm, Lu. ring. }
    pose proof (choose_step m _ _ Lu) as Up. rewrite Nat.add_comm in Lu. pose proof (choose_step m _ _ Lu) as Down.
    pose proof (choose_nonneg (S m) (S (pluses u))) as N1. pose proof (choose_nonneg (S m) (S (minuses u))) as N2.
    split; [|intros u' s' Eq; rewrite (Last _ _ Eq)]; destruct s; cbn [value pluses minuses];
      rewrite ?Nat.add_0_r, ?Nat.add_1_r, ?HP, ?HQ; rewrite <- ?Up, <- ?Down; nra.
Qed.

(** * Vertices of the box *)

Fixpoint signs (x : sequence) (n : nat) : list bool :=
  match n with O => [] | S m => (if Rle_dec 0 (x (S m)) then true else false) :: signs x m end.

Lemma signs_length x n : length (signs x n) = n.
Proof. induction n as [|n IH]; cbn; congruence. Qed.

Lemma signs_played x n : (forall t, (1 <= t <= n)%nat -> x t = M \/ x t = - M) ->
  forall t, (1 <= t <= n)%nat -> played M (signs x n) t = x t.
Proof.
  intros Vertex t Ht. unfold played. rewrite signs_length. induction n as [|n IH]; [lia|].
  destruct (Nat.eq_dec t (S n)) as [->|Ne].
  - rewrite Nat.sub_diag. cbn [signs nth]. destruct (Vertex (S n) ltac:(lia)) as [E|E]; rewrite E;
      destruct (Rle_dec _ _); unfold signed; lra.
  - replace (S n - t)%nat with (S (n - t)) by lia. cbn [signs nth]. apply IH; [|lia]. intros; apply Vertex; lia.
Qed.

Lemma signs_ends x n : exists u, signs x (S n) = u ++ [if Rle_dec 0 (x 1%nat) then true else false].
Proof.
  induction n as [|n [u IH]]; [now exists []|]. exists ((if Rle_dec 0 (x (S (S n))) then true else false) :: u).
  change (signs x (S (S n))) with ((if Rle_dec 0 (x (S (S n))) then true else false) :: signs x (S n)). now rewrite IH.
Qed.

Lemma at_vertices n x : (1 <= n <= N)%nat -> (forall t, (1 <= t <= n)%nat -> x t = M \/ x t = - M) ->
  Rabs (diagonal_output d net out x n - x 1%nat) <= M * (1 - eta).
Proof.
  intros Hn Vertex. destruct n as [|m]; [lia|]. set (u := signs x (S m)).
  assert (Y : diagonal_output d net out x (S m) = path u).
  { unfold diagonal_output, diagonal_state. rewrite (run_ext _ _ x (played M u)) by (intros t Ht; symmetry;
      now apply signs_played).
    pose proof (read_total d net M (V out) 0 u) as T. unfold diagonal_state in T. unfold u in T at 2. rewrite signs_length in T.
    unfold first_units in *. cbn [V] in *. rewrite T. unfold total, start. rewrite sum_zero; [ring|].
    intros k _. unfold C16_weights; cbn [affine_diagonal diagonal_start]. unfold zero. ring. }
  destruct (path_bounds u m (signs_length x (S m)) ltac:(lia)) as [[Low High] Ends].
  destruct (signs_ends x m) as [u' Eu]. specialize (Ends u' _ Eu).
  destruct (eta_range m (pluses u) ltac:(lia)) as (E0 & _ & B1). destruct (eta_range m (minuses u) ltac:(lia)) as (_ & _ & B2).
  assert (C1 : M * (eta * choose m (pluses u)) <= M * 1) by (apply Rmult_le_compat_l; lra).
  assert (C2 : M * (eta * choose m (minuses u)) <= M * 1) by (apply Rmult_le_compat_l; lra).
  rewrite Y. apply abs_le. destruct (Vertex 1%nat ltac:(lia)) as [X|X]; rewrite X in *; destruct (Rle_dec _ _); lra.
Qed.

(** * From the vertices to the box: the output is affine in each input *)

Definition put (x : sequence) (s : nat) (value : R) : sequence := fun t => if Nat.eqb t s then value else x t.

Lemma affine_in_one x s theta p q n k : x s = theta * p + (1 - theta) * q ->
  diagonal_state net x n k = theta * diagonal_state net (put x s p) n k + (1 - theta) * diagonal_state net (put x s q) n k.
Proof.
  intros Xs. unfold diagonal_state. induction n as [|n IH]; [cbn [run]; ring|]. rewrite !run_S.
  destruct (Nat.eq_dec (S n) s) as [<-|Ne].
  - assert (Same : forall v, run (diagonal_step net) (diagonal_start net) (put x (S n) v) n =
      run (diagonal_step net) (diagonal_start net) x n).
    { intros v. apply run_ext. intros t Ht. unfold put.
      now replace (Nat.eqb t (S n)) with false by (symmetry; apply Nat.eqb_neq; lia). }
    rewrite !Same. unfold put. rewrite !Nat.eqb_refl, Xs.
    unfold diagonal_step, C16_weights; cbn [affine_diagonal diagonal_a diagonal_b]. unfold input_map; cbn [U b]. ring.
  - assert (Put : forall v, put x s v (S n) = x (S n)).
    { intros v. unfold put. now replace (Nat.eqb (S n) s) with false by (symmetry; now apply Nat.eqb_neq). }
    assert (Step : forall h y, diagonal_step net h y k = diagonal_a net y k * h k + diagonal_b net y k) by reflexivity.
    rewrite !Step, !Put, IH. ring.
Qed.

Lemma on_the_box n : (1 <= n <= N)%nat -> forall m x, box M x -> (forall t, (m < t <= n)%nat -> x t = M \/ x t = - M) ->
  Rabs (diagonal_output d net out x n - x 1%nat) <= M * (1 - eta).
Proof.
  intros Hn. induction m as [|m IH]; intros x Hx Vertex; [apply at_vertices; [exact Hn|]; intros; apply Vertex; lia|].
  set (theta := (x (S m) + M) / (2 * M)). pose proof (box_bounds M x (S m) Hx) as B.
  assert (T : 0 <= theta <= 1).
  { unfold theta. split; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
    apply Rmult_le_reg_r with (2 * M); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  assert (Xs : x (S m) = theta * M + (1 - theta) * - M) by (unfold theta; field; lra).
  assert (Side : forall v, v = M \/ v = - M ->
    Rabs (diagonal_output d net out (put x (S m) v) n - put x (S m) v 1%nat) <= M * (1 - eta)).
  { intros v Hv. apply IH.
    - intros t. unfold put. destruct (Nat.eqb t (S m)); [|apply Hx].
      destruct Hv as [->| ->]; rewrite ?Rabs_Ropp, Rabs_pos_eq; lra.
    - intros t Ht. unfold put. destruct (Nat.eqb_spec t (S m)); [exact Hv|apply Vertex; lia]. }
  pose proof (Side M ltac:(auto)) as S1. pose proof (Side (- M) ltac:(auto)) as S2.
  replace (diagonal_output d net out x n - x 1%nat) with
    (theta * (diagonal_output d net out (put x (S m) M) n - put x (S m) M 1%nat) +
     (1 - theta) * (diagonal_output d net out (put x (S m) (- M)) n - put x (S m) (- M) 1%nat)).
  - apply abs_le_inv in S1. apply abs_le_inv in S2. apply abs_le. nra.
  - assert (First : x 1%nat = theta * put x (S m) M 1%nat + (1 - theta) * put x (S m) (- M) 1%nat).
    { unfold put. destruct (Nat.eqb_spec 1 (S m)) as [E|E]; [rewrite E; exact Xs|ring]. }
    rewrite First. unfold diagonal_output, read, first_units; cbn [v0].
    rewrite (dot_eq d _ (diagonal_state net x n) (fun k => theta * diagonal_state net (put x (S m) M) n k +
      (1 - theta) * diagonal_state net (put x (S m) (- M)) n k)) by (intros; now apply affine_in_one).
    rewrite dot_plus, !dot_scale. ring.
Qed.

End network.

Theorem lattice_network : C16.
Proof.
  intros d N M z w HN Hd HM Points eta n Hn x Hx. apply (on_the_box d N M z w HN Hd HM Points n Hn n x Hx). intros; lia.
Qed.

(** * Points for every N: 1, and k and 1/k for k = 2 ... N *)

Definition point (N k : nat) : R := if Nat.ltb k N then INR (S k) else / INR (k - N + 2).

Definition mirror (N k : nat) : nat := match k with O => O | S i => if Nat.ltb k N then (N + i)%nat else S (k - N) end.

Lemma point_pos N k : 0 < point N k.
Proof. unfold point. destruct (Nat.ltb k N); [|apply Rinv_0_lt_compat]; apply lt_0_INR; lia. Qed.

Lemma point_mirror N k : (1 <= N)%nat -> (k < 2 * N - 1)%nat -> point N (mirror N k) = / point N k /\ (mirror N k < 2 * N - 1)%nat.
Proof.
  intros HN Hk. unfold mirror. destruct k as [|i].
  - split; [|lia]. unfold point. replace (Nat.ltb 0 N) with true by (symmetry; apply Nat.ltb_lt; lia). simpl. field.
  - unfold point at 2. destruct (Nat.ltb_spec (S i) N).
    + split; [|lia]. unfold point. replace (Nat.ltb (N + i) N) with false by (symmetry; apply Nat.ltb_ge; lia).
      do 2 f_equal. lia.
    + split; [|lia]. unfold point. replace (Nat.ltb (S (S i - N)) N) with true by (symmetry; apply Nat.ltb_lt; lia).
      rewrite Rinv_inv. f_equal. lia.
Qed.

Lemma sum_mirror N f : (1 <= N)%nat -> sum (2 * N - 1) (fun k => f (mirror N k)) = sum (2 * N - 1) f.
Proof.
  intros HN. replace (2 * N - 1)%nat with (1 + (N - 1) + (N - 1))%nat by lia. rewrite !sum_split. cbn [sum Nat.add].
  unfold mirror at 1. rewrite !Rplus_0_l, !Rplus_assoc. f_equal. rewrite Rplus_comm. f_equal.
  - apply sum_ext. intros k Hk. f_equal. unfold mirror. cbn [Nat.add].
    replace (Nat.ltb (S (N - 1 + k)) N) with false by (symmetry; apply Nat.ltb_ge; lia). lia.
  - apply sum_ext. intros k Hk. f_equal. unfold mirror.
    replace (Nat.ltb (S k) N) with true by (symmetry; apply Nat.ltb_lt; lia). lia.
Qed.

Theorem points_exist : C16_exists.
Proof.
  intros N HN. set (n := (2 * N - 1)%nat).
  destruct (poles_reach n ones (point N) (fun j => if Nat.eqb j (N - 1) then 1 else 0)) as [c Hc].
  - intros; unfold ones; lra.
  - intros j k H E. unfold point in E. destruct (Nat.ltb_spec j N), (Nat.ltb_spec k N); try (unfold n in *; lia).
    + apply INR_eq in E. lia.
    + assert (I1 : 1 <= INR (S j)) by (apply (le_INR 1); lia). assert (I2 : 2 <= INR (k - N + 2)) by (apply (le_INR 2); lia).
      assert (/ INR (k - N + 2) <= / 2) by (apply Rinv_le_contravar; lra). lra.
    + apply (f_equal Rinv) in E. rewrite !Rinv_inv in E. apply INR_eq in E. lia.
  - set (w := fun k => c k * point N k ^ (N - 1)).
    assert (Moments : forall i j, (i < N)%nat -> (j < N)%nat ->
      sum n (fun k => w k * (point N k ^ i / point N k ^ j)) = if Nat.eqb i j then 1 else 0).
    { intros i j Hi Hj. specialize (Hc (N - 1 + i - j)%nat ltac:(unfold n; lia)). apply abs_le_inv in Hc.
      replace (Nat.eqb (N - 1 + i - j) (N - 1)) with (Nat.eqb i j) in Hc by (destruct (Nat.eqb_spec i j);
        symmetry; [apply Nat.eqb_eq|apply Nat.eqb_neq]; lia).
      transitivity (pole_response n ones (point N) c (N - 1 + i - j)); [|lra]. unfold pole_response. apply sum_ext. intros k _.
      unfold w, ones. pose proof (point_pos N k). assert (point N k ^ j <> 0) by (apply pow_nonzero; lra).
      apply Rmult_eq_reg_r with (point N k ^ j); [|assumption].
      replace (c k * (1 * point N k ^ (N - 1 + i - j)) * point N k ^ j) with (c k * (point N k ^ (N - 1 + i - j) * point N k ^ j))
        by ring.
      rewrite <- pow_add. replace (N - 1 + i - j + j)%nat with (N - 1 + i)%nat by lia. rewrite pow_add. field. assumption. }
    exists (point N), (fun k => (w k + w (mirror N k)) / 2). fold n.
    assert (Mirrored : forall g h, (forall k, (k < n)%nat -> h k = g (mirror N k)) ->
      sum n (fun k => (w k + w (mirror N k)) / 2 * g k) = (sum n (fun k => w k * g k) + sum n (fun k => w k * h k)) / 2).
    { intros g h Hh. rewrite (sum_ext n (fun k => (w k + w (mirror N k)) / 2 * g k)
        (fun k => / 2 * (w k * g k) + / 2 * (w (mirror N k) * g k))) by (intros; field).
      rewrite sum_plus, !sum_scale. pose proof (sum_mirror N (fun k => w k * h k) HN) as SM. fold n in SM. rewrite <- SM. clear SM.
      rewrite (sum_ext n (fun k => w (mirror N k) * h (mirror N k)) (fun k => w (mirror N k) * g k)); [field|].
      intros k Hk. f_equal. destruct (point_mirror N k HN Hk) as [_ In]. rewrite Hh by exact In. f_equal.
      unfold mirror. destruct k as [|i]; [reflexivity|]. destruct (Nat.ltb_spec (S i) N).
      - destruct N as [|N']; [lia|]. cbn [Nat.add].
        replace (Nat.ltb (S (N' + i)) (S N')) with false by (symmetry; apply Nat.ltb_ge; lia). lia.
      - replace (Nat.ltb (S (S i - N)) N) with true by (symmetry; apply Nat.ltb_lt; unfold n in Hk; lia). lia. }
    split; [|split].
    + intros k _. pose proof (point_pos N k). lra.
    + intros i j Hi Hj. rewrite (Mirrored _ (fun k => point N k ^ j / point N k ^ i)).
      * rewrite !Moments, (Nat.eqb_sym j i) by assumption. destruct (Nat.eqb i j); field.
      * intros k Hk. destruct (point_mirror N k HN Hk) as [-> _]. pose proof (point_pos N k). rewrite !pow_inv. field.
        split; apply pow_nonzero; lra.
    + change (sum n (fun k => (w k + w (mirror N k)) / 2 * / (1 + point N k)) = 1 / 2).
      rewrite (Mirrored (fun k => / (1 + point N k)) (fun k => 1 + - / (1 + point N k))).
      * specialize (Moments O O ltac:(lia) ltac:(lia)). cbn [pow Nat.eqb] in Moments.
        rewrite (sum_ext n (fun k => w k * (1 + _)) (fun k => w k * (1 / 1) + -1 * (w k * / (1 + point N k)))) by (intros; field;
          pose proof (point_pos N k); lra).
        rewrite sum_plus, sum_scale, Moments. field.
      * intros k Hk. destruct (point_mirror N k HN Hk) as [-> _]. pose proof (point_pos N k). field. lra.
Qed.
