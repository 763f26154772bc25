(** C14, C15: filters with distinct poles reach every response, and recall as well as their response is near the wanted one. *)

From Coq Require Import Reals List Lra Lia.
From Coquelicot Require Import Complex.
From Recall Require Import definitions statements basics algebra analysis linear doubling t3b.
Import ListNotations.
Open Scope R_scope.

(** * A Vandermonde system: one pole after another *)

Lemma vandermonde n : forall (p : nat -> C) (g : nat -> C), (forall j k, (j < k < n)%nat -> p j <> p k) ->
  exists c : nat -> C, forall j, (j < n)%nat -> csum n (fun k => c k * cpow (p k) j)%C = g j.
Proof.
  induction n as [|n IH]; intros p g Differ; [exists (fun _ => RtoC 0); intros; lia|].
  destruct (IH p (fun j => g (S j) - p n * g j)%C) as [c Hc]; [intros j k H; apply Differ; lia|].
  set (share := fun k => (c k / (p k - p n))%C).
  set (rest := (g O - csum n (fun k => share k * cpow (p k) O))%C).
  exists (fun k => if Nat.eqb k n then rest else share k).
  assert (Apart : forall k, (k < n)%nat -> (p k - p n <> RtoC 0)%C).
  { intros k Hk E. apply (Differ k n); [lia|]. replace (p k) with (p k - p n + p n)%C by ring. rewrite E. ring. }
  assert (Split : forall j, csum (S n) (fun k => (if Nat.eqb k n then rest else share k) * cpow (p k) j)%C =
    (csum n (fun k => share k * cpow (p k) j) + rest * cpow (p n) j)%C).
  { intros j. cbn [csum]. rewrite Nat.eqb_refl. f_equal. apply csum_ext. intros k Hk.
    now replace (Nat.eqb k n) with false by (symmetry; apply Nat.eqb_neq; lia). }
  assert (Turn : forall j, csum n (fun k => share k * cpow (p k) (S j))%C =
    (csum n (fun k => c k * cpow (p k) j) - - p n * csum n (fun k => share k * cpow (p k) j))%C).
  { intros j. rewrite <- csum_combine. apply csum_ext. intros k Hk. unfold share. cbn [cpow]. field. now apply Apart. }
  induction j as [|j IHj]; intros Hj; rewrite Split; [unfold rest; cbn [cpow]; ring|].
  specialize (IHj ltac:(lia)). rewrite Split in IHj. rewrite Turn, Hc by lia. cbn [cpow].
  replace (g (S j)) with (g (S j) - p n * g j + p n * g j)%C by ring. rewrite <- IHj. ring.
Qed.

Lemma cpow_real (a : R) j : cpow (RtoC a) j = RtoC (a ^ j).
Proof. induction j as [|j IH]; simpl; [reflexivity|]. now rewrite IH, RtoC_mult. Qed.

Lemma poles_reach n s a wanted : (forall k, (k < n)%nat -> s k <> 0) -> all_differ n a ->
  exists v, within 0 n (pole_response n s a v) wanted.
Proof.
  intros Nz Differ. destruct (vandermonde n (fun k => RtoC (a k)) (fun j => RtoC (wanted j))) as [c Hc].
  { intros j k H E. apply RtoC_inj in E. exact (Differ j k H E). }
  exists (fun k => fst (c k) / s k). intros j Hj. specialize (Hc j Hj). apply (f_equal fst) in Hc. rewrite fst_csum in Hc.
  cbn [fst RtoC] in Hc. rewrite <- Hc.
  rewrite (sum_ext n (fun k => fst (c k * cpow (RtoC (a k)) j)%C) (fun k => fst (c k) / s k * (s k * a k ^ j))).
  - unfold pole_response. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - intros k Hk. rewrite cpow_real. unfold Cmult, RtoC; cbn [fst snd]. field. now apply Nz.
Qed.

(** * What the response says of recall *)

Definition filters (y : network) (g : nat -> R) : Prop := forall x t, y x t = sum t (fun j => g j * x (t - j)%nat).

Lemma off_by g wanted r M n t x : (t <= n)%nat -> 0 <= M -> box M x -> within r n g wanted ->
  Rabs (sum t (fun j => g j * x (t - j)%nat) - sum t (fun j => wanted j * x (t - j)%nat)) <= INR t * r * M.
Proof.
  intros Ht HM Hx Near.
  replace (_ - _) with (sum t (fun j => (g j - wanted j) * x (t - j)%nat)).
  - eapply Rle_trans; [apply sum_abs|]. rewrite Rmult_assoc, <- sum_const. apply sum_le. intros j Hj. rewrite Rabs_mult.
    apply Rmult_le_compat; auto using Rabs_pos; apply Near; lia.
  - rewrite (sum_ext t _ (fun j => g j * x (t - j)%nat + -1 * (wanted j * x (t - j)%nat))) by (intros; ring).
    rewrite sum_plus, sum_scale. ring.
Qed.

Lemma delayed_sum n x : (1 <= n)%nat -> sum n (fun j => delayed n j * x (n - j)%nat) = x 1%nat.
Proof.
  intros Hn. rewrite (sum_only n (n - 1)); [|lia|].
  - unfold delayed. replace (S (n - 1)) with n by lia. rewrite Nat.eqb_refl. replace (n - (n - 1))%nat with 1%nat by lia. ring.
  - intros k Hk Ne. unfold delayed. replace (Nat.eqb (S k) n) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
Qed.

Lemma halved_sum n t x : (t <= n)%nat -> sum t (fun j => halved n j * x (t - j)%nat) = / 2 ^ (n - 1) * doubled x t.
Proof.
  intros Ht. assert (D : doubled x t = sum t (fun j => 2 ^ j * x (t - j)%nat)).
  { clear Ht. induction t as [|t IH]; [reflexivity|]. rewrite sum_head. cbn [doubled pow]. rewrite IH, Nat.sub_0_r, <- sum_scale.
    rewrite Rplus_comm. f_equal; [ring|]. apply sum_ext. intros j _. cbn [Nat.sub]. ring. }
  rewrite D, <- sum_scale. apply sum_ext. intros j Hj. unfold halved.
  replace (n - 1)%nat with (n - 1 - j + j)%nat at 2 by lia. rewrite pow_add. field. split; apply pow_nonzero; lra.
Qed.

Lemma delays_of {weights : Type} n (y : weights -> network) g (distinct : Prop) : (1 <= n)%nat -> (forall V, filters (y V) (g V)) ->
  (distinct -> exists V, within 0 n (g V) (delayed n)) -> delays n y g distinct.
Proof.
  intros Hn F Solved. split; [|split; [|exact Solved]].
  - intros V Exactly x _. rewrite F, <- (delayed_sum n x Hn).
    rewrite (sum_ext n (fun j => g V j * _) (fun j => delayed n j * x (n - j)%nat)).
    + rewrite Rminus_diag_eq, Rabs_R0; lra.
    + intros j Hj. specialize (Exactly j Hj). apply abs_le_inv in Exactly. replace (g V j) with (delayed n j) by lra. reflexivity.
  - intros V r M HM Near x Hx. rewrite F, <- (delayed_sum n x Hn). now apply (off_by _ _ r M n n x).
Qed.

Lemma halves_of {weights : Type} n (y : weights -> network) g (distinct : Prop) : (1 <= n)%nat -> (forall V, filters (y V) (g V)) ->
  (distinct -> exists V, within 0 n (g V) (halved n)) -> halves n y g distinct.
Proof.
  intros Hn F Solved. split; [|exact Solved]. intros V r M HM Near t Ht x Hx. rewrite F.
  pose proof (off_by (g V) (halved n) r M n t x ltac:(lia) HM Hx Near) as Off. rewrite halved_sum in Off by lia.
  destruct (error (fun x t => / 2 ^ (n - 1) * doubled x t) n t M Ht HM (fun _ => eq_refl)) as [Upper _].
  specialize (Upper (Rabs (/ 2 ^ (n - 1) * doubled x t - x 1%nat)) ltac:(now exists x)).
  assert (Hr : 0 <= r) by (specialize (Near O ltac:(lia)); pose proof (Rabs_pos (g V 0%nat - halved n 0)); lra).
  assert (INR t * r * M <= INR n * r * M).
  { apply Rmult_le_compat_r; [exact HM|]. apply Rmult_le_compat_r; [exact Hr|]. apply le_INR. lia. }
  apply abs_le_inv in Off. apply abs_le_inv in Upper. apply abs_le. lra.
Qed.

(** * The families *)

Lemma first_low n v k : (k < n)%nat -> first n v k = v k.
Proof. intros H. unfold first. now replace (Nat.ltb k n) with true by (symmetry; now apply Nat.ltb_lt). Qed.

Lemma read_first d n v h : (n <= d)%nat -> read d (first_units n v) h = sum n (fun k => v k * h k).
Proof.
  intros Hn. unfold read, dot, first_units; cbn [V v0]. rewrite Rplus_0_r. replace d with (n + (d - n))%nat by lia.
  rewrite sum_split, (sum_zero (d - n)), Rplus_0_r.
  - apply sum_ext. intros k Hk. now rewrite first_low.
  - intros k _. unfold first. replace (Nat.ltb (n + k) n) with false by (symmetry; apply Nat.ltb_ge; lia). ring.
Qed.

(** Constant poles and gains: the state is a sum of shares that shrink. *)
Lemma diagonal_filters d n w s a v : (n <= d)%nat -> (forall k, diagonal_start w k = 0) ->
  (forall x k, (k < n)%nat -> diagonal_a w x k = a k) -> (forall x k, (k < n)%nat -> diagonal_b w x k = s k * x) ->
  filters (diagonal_output d w (first_units n v)) (pole_response n s a v).
Proof.
  intros Hn H0 Ha Hb x t. unfold diagonal_output. rewrite read_first by exact Hn.
  assert (St : forall k, (k < n)%nat -> diagonal_state w x t k = sum t (fun j => s k * a k ^ j * x (t - j)%nat)).
  { intros k Hk. unfold diagonal_state. induction t as [|t IH]; [apply H0|]. rewrite run_S. unfold diagonal_step at 1.
    rewrite Ha, Hb, IH, sum_head, <- sum_scale by exact Hk. rewrite Rplus_comm, Nat.sub_0_r. cbn [pow].
    f_equal; [ring|]. apply sum_ext. intros j _. cbn [Nat.sub]. ring. }
  rewrite (sum_ext n _ (fun k => sum t (fun j => v k * (s k * a k ^ j * x (t - j)%nat)))).
  - rewrite sum_swap. apply sum_ext. intros j _. unfold pole_response. rewrite Rmult_comm, <- sum_scale.
    apply sum_ext. intros; ring.
  - intros k Hk. now rewrite St, <- sum_scale.
Qed.

Theorem any_poles : C14.
Proof.
  intros d n a [Hn Hd]. apply delays_of; [exact Hn| |].
  - intros v. apply diagonal_filters; [exact Hd|reflexivity| |]; intros x k Hk;
      cbn [affine_diagonal diagonal_a diagonal_b]; unfold input_map, constant_gate, input_gate; cbn [U b vec];
      rewrite first_low by exact Hk; unfold ones; ring.
  - apply poles_reach. intros; unfold ones; lra.
Qed.

Lemma softplus_difference c : softplus c - softplus (- c) = c.
Proof.
  unfold softplus. pose proof (exp_pos c). pose proof (exp_pos (- c)).
  replace (1 + exp c) with (exp c * (1 + exp (- c))).
  - rewrite ln_mult, ln_exp by lra. ring.
  - rewrite Rmult_plus_distr_l, <- exp_plus, Rplus_opp_r, exp_0. ring.
Qed.

Lemma min_filters d n c y v : (n <= d)%nat -> In y (min_networks d n c) -> filters (y v) (min_response n c v).
Proof.
  intros Hd [<-|[<-|[]]]; (apply diagonal_filters; [exact Hd|reflexivity| |]); intros x k Hk;
    cbn [mingru minlstm diagonal_a diagonal_b]; unfold input_map, constant_gate, input_gate; cbn [U b vec];
    rewrite ?Rmult_0_l, ?Rplus_0_l, ?Rplus_0_r, ?Ropp_involutive, ?softplus_difference, ?first_low by exact Hk;
    unfold ones; ring.
Qed.

Lemma sigmoid_injective a c : sigmoid a = sigmoid c -> a = c.
Proof.
  unfold sigmoid. intros E. pose proof (exp_pos (- a)). pose proof (exp_pos (- c)).
  apply (f_equal Rinv) in E. rewrite !Rinv_inv in E. assert (F : exp (- a) = exp (- c)) by lra. apply exp_inv in F. lra.
Qed.

Lemma min_reach n c wanted : all_differ n c -> exists v, within 0 n (min_response n c v) wanted.
Proof.
  intros Differ. apply poles_reach; [intros k _; pose proof (sigmoid_pos (c k)); lra|].
  intros j k H E. apply (Differ j k H), sigmoid_injective. lra.
Qed.

Theorem min_delays : C14_min.
Proof. intros d n c y [Hn Hd] Y. apply delays_of; [exact Hn|intros v; now apply (min_filters d)|apply min_reach]. Qed.

Theorem min_halves : C15_min.
Proof. intros d n c y [Hn Hd] Y. apply halves_of; [exact Hn|intros v; now apply (min_filters d)|apply min_reach]. Qed.

Lemma softplus_0 : softplus 0 = ln 2.
Proof. unfold softplus. now rewrite exp_0. Qed.

Lemma selective_filters d n A v : (n <= d)%nat -> filters (selective_network d n A v) (selective_response n A v).
Proof.
  intros Hd. apply (diagonal_filters d n (selective _ _ _ _)); [exact Hd|reflexivity| |]; intros x k Hk;
    cbn [selective diagonal_a diagonal_b]; unfold input_map, constant_gate; cbn [U b vec];
    rewrite !first_low, ?Rmult_0_l, ?Rplus_0_l by exact Hk; unfold zero; rewrite softplus_0; unfold ones; ring.
Qed.

Lemma selective_reach n A wanted : all_differ n A -> exists v, within 0 n (selective_response n A v) wanted.
Proof.
  assert (L : 0 < ln 2) by (rewrite <- ln_1; apply ln_increasing; lra).
  intros Differ. apply poles_reach; [intros; lra|]. intros j k H E. apply exp_inv in E. apply (Differ j k H). nra.
Qed.

Theorem selective_delays : C14_selective.
Proof. intros d n A [Hn Hd]. apply delays_of; [exact Hn|intros v; now apply selective_filters|apply selective_reach]. Qed.

Theorem selective_halves : C15_selective.
Proof. intros d n A [Hn Hd]. apply halves_of; [exact Hn|intros v; now apply selective_filters|apply selective_reach]. Qed.

(** * Complex poles *)

Lemma spun_power p q j : spun p q j = cpow (p, q) j.
Proof.
  induction j as [|j IH]; [reflexivity|]. cbn [spun cpow]. rewrite <- IH. destruct (spun p q j) as [a b].
  unfold Cmult; cbn [fst snd]. f_equal. ring.
Qed.

Lemma lru_filters d m p q w : (m <= d)%nat -> filters (lru_network d m p q w) (lru_response m p q w).
Proof.
  intros Hd x t. unfold lru_network, lru_output; cbn [lru_out]. rewrite read_first by exact Hd.
  set (net := {| lru_re := _ |}). destruct w as [u v]. cbn [fst snd] in *.
  assert (St : forall k, (k < m)%nat -> let s := run (lru_step net) (lru_start net) x t in
    fst s k = sum t (fun j => (fst (spun (p k) (q k) j) * u k - snd (spun (p k) (q k) j) * v k) * x (t - j)%nat) /\
    snd s k = sum t (fun j => (snd (spun (p k) (q k) j) * u k + fst (spun (p k) (q k) j) * v k) * x (t - j)%nat)).
  { intros k Hk. induction t as [|t [IH1 IH2]]; [split; reflexivity|]. cbv zeta in *. rewrite run_S.
    destruct (run (lru_step net) (lru_start net) x t) as [h g]. cbn [fst snd] in IH1, IH2.
    unfold net, lru_step; cbn [lru_re lru_im lru_h lru_g fst snd]. unfold input_map, input_gate; cbn [U b vec].
    rewrite !first_low, IH1, IH2, !sum_head, Nat.sub_0_r by exact Hk. cbn [spun fst snd].
    split.
    - rewrite (sum_ext t (fun k0 => (fst (spun (p k) (q k) (S k0)) * _ - _) * _) (fun j =>
        p k * ((fst (spun (p k) (q k) j) * u k - snd (spun (p k) (q k) j) * v k) * x (t - j)%nat) + -1 *
        (q k * ((snd (spun (p k) (q k) j) * u k + fst (spun (p k) (q k) j) * v k) * x (t - j)%nat)))).
      + rewrite sum_plus, !sum_scale. ring.
      + intros j _. cbn [spun Nat.sub]. destruct (spun (p k) (q k) j) as [a c]. cbn [fst snd]. ring.
    - rewrite (sum_ext t (fun k0 => (snd (spun (p k) (q k) (S k0)) * _ + _) * _) (fun j =>
        q k * ((fst (spun (p k) (q k) j) * u k - snd (spun (p k) (q k) j) * v k) * x (t - j)%nat) +
        p k * ((snd (spun (p k) (q k) j) * u k + fst (spun (p k) (q k) j) * v k) * x (t - j)%nat))).
      + rewrite sum_plus, !sum_scale. ring.
      + intros j _. cbn [spun Nat.sub]. destruct (spun (p k) (q k) j) as [a c]. cbn [fst snd]. ring. }
  rewrite (sum_ext m _ (fun k => sum t (fun j =>
    (fst (spun (p k) (q k) j) * u k - snd (spun (p k) (q k) j) * v k) * x (t - j)%nat))).
  - rewrite sum_swap. apply sum_ext. intros j _. unfold lru_response. rewrite Rmult_comm, <- sum_scale.
    apply sum_ext. intros; cbn [fst snd]; ring.
  - intros k Hk. unfold ones. rewrite Rmult_1_l. now apply St.
Qed.

Definition mirrored (m : nat) (p q : vector) (k : nat) : C := if Nat.ltb k m then (p k, q k) else (p (k - m)%nat, - q (k - m)%nat).

Lemma cpow_mirror (p q : R) j : cpow (p, - q) j = (fst (cpow (p, q) j), - snd (cpow (p, q) j)).
Proof.
  induction j as [|j IH]; cbn [cpow]; [unfold RtoC; cbn; f_equal; ring|]. rewrite IH. unfold Cmult; cbn [fst snd].
  f_equal; ring.
Qed.

Lemma lru_reach m n p q wanted : (n <= 2 * m)%nat -> poles_differ m p q -> exists w, within 0 n (lru_response m p q w) wanted.
Proof.
  intros Hn [Above Differ]. destruct (vandermonde (m + m) (mirrored m p q) (fun j => RtoC (wanted j))) as [c Hc].
  { intros j k H E. unfold mirrored in E. destruct (Nat.ltb_spec j m), (Nat.ltb_spec k m); injection E; intros Eq Ep.
    - destruct (Differ j k ltac:(lia)); auto.
    - pose proof (Above j ltac:(lia)). pose proof (Above (k - m)%nat ltac:(lia)). lra.
    - lia.
    - destruct (Differ (j - m)%nat (k - m)%nat ltac:(lia)) as [X|X]; [auto|apply X; lra]. }
  exists (fun k => fst (c k) + fst (c (m + k)%nat), fun k => snd (c k) - snd (c (m + k)%nat)). intros j Hj.
  specialize (Hc j ltac:(lia)). apply (f_equal fst) in Hc. rewrite fst_csum, sum_split in Hc. cbn [fst RtoC] in Hc.
  rewrite <- Hc, <- sum_plus. unfold lru_response. cbn [fst snd].
  rewrite (sum_ext m (fun k => fst (c k * cpow (mirrored m p q k) j)%C + _) (fun k =>
    fst (spun (p k) (q k) j) * (fst (c k) + fst (c (m + k)%nat)) -
    snd (spun (p k) (q k) j) * (snd (c k) - snd (c (m + k)%nat)))).
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - intros k Hk. unfold mirrored. replace (Nat.ltb k m) with true by (symmetry; now apply Nat.ltb_lt).
    replace (Nat.ltb (m + k) m) with false by (symmetry; apply Nat.ltb_ge; lia). replace (m + k - m)%nat with k by lia.
    rewrite cpow_mirror, spun_power. unfold Cmult; cbn [fst snd]. ring.
Qed.

Theorem lru_delays : C14_lru.
Proof.
  intros d m n p q [Hn Hm] Hd. apply delays_of; [exact Hn|intros w; now apply lru_filters|]. now apply lru_reach.
Qed.

Theorem lru_halves : C15_lru.
Proof.
  intros d m n p q [Hn Hm] Hd. apply halves_of; [exact Hn|intros w; now apply lru_filters|]. now apply lru_reach.
Qed.
