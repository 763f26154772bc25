(** The fundamental theorem of algebra: a monic polynomial over the complex numbers is a product of factors z - p. *)

From Coq Require Import Reals List Lra Lia Psatz Classical.
From Coquelicot Require Import Coquelicot.
Import ListNotations.
Open Scope C_scope.
Local Arguments Cmod _%C_scope.

Fixpoint cpow (p : C) (m : nat) : C := match m with O => RtoC 1 | S k => p * cpow p k end.

(** a_0 + a_1 z + ...: the coefficients, constant term first. *)
Fixpoint value (l : list C) (z : C) : C := match l with [] => RtoC 0 | a :: rest => a + z * value rest z end.

Definition monic (l : list C) : Prop := last l (RtoC 0) = RtoC 1.

(** * Roots of numbers *)

Lemma moivre (r a : R) m : cpow ((r * cos a)%R, (r * sin a)%R) m = ((r ^ m * cos (INR m * a))%R, (r ^ m * sin (INR m * a))%R).
Proof.
  induction m as [|m IH].
  - simpl. rewrite Rmult_0_l, cos_0, sin_0. unfold RtoC. f_equal; ring.
  - cbn [cpow]. rewrite IH, S_INR. replace ((INR m + 1) * a)%R with (INR m * a + a)%R by ring.
    rewrite cos_plus, sin_plus. unfold Cmult. cbn [fst snd]. simpl pow. f_equal; ring.
Qed.

Lemma polar (c : C) : c <> RtoC 0 -> exists a, c = ((Cmod c * cos a)%R, (Cmod c * sin a)%R).
Proof.
  intros Hc. pose proof (Cmod_gt_0 c) as [P _]. specialize (P Hc). set (r := Cmod c) in *.
  assert (S : (fst c * fst c + snd c * snd c = r * r)%R).
  { unfold r, Cmod. rewrite sqrt_sqrt; [simpl; ring|]. pose proof (pow2_ge_0 (fst c)). pose proof (pow2_ge_0 (snd c)). lra. }
  set (x := (fst c / r)%R). set (y := (snd c / r)%R).
  assert (U : (x * x + y * y = 1)%R).
  { replace (x * x + y * y)%R with ((fst c * fst c + snd c * snd c) / (r * r))%R by (unfold x, y; field; lra).
    rewrite S. field. lra. }
  assert (X : (-1 <= x <= 1)%R) by nra.
  assert (Root : sqrt (1 - Rsqr x) = Rabs y) by (rewrite <- sqrt_Rsqr_abs; f_equal; unfold Rsqr; lra).
  destruct (Rle_lt_dec 0 y) as [Y|Y].
  - exists (acos x). rewrite cos_acos, sin_acos, Root, Rabs_pos_eq by assumption.
    apply injective_projections; cbn [fst snd]; unfold x, y; field; lra.
  - exists (- acos x)%R. rewrite cos_neg, sin_neg, cos_acos, sin_acos, Root, Rabs_left by assumption.
    apply injective_projections; cbn [fst snd]; unfold x, y; field; lra.
Qed.

Lemma root_of (c : C) m : (1 <= m)%nat -> exists w, cpow w m = c.
Proof.
  intros Hm. destruct (classic (c = RtoC 0)) as [->|Hc].
  - exists (RtoC 0). destruct m as [|m]; [lia|]. simpl. ring.
  - destruct (polar c Hc) as [a E]. pose proof (proj1 (Cmod_gt_0 c) Hc) as P.
    assert (I : (0 < INR m)%R) by (apply lt_0_INR; lia).
    set (r := exp (ln (Cmod c) / INR m)). exists ((r * cos (a / INR m))%R, (r * sin (a / INR m))%R).
    rewrite moivre. replace (INR m * (a / INR m))%R with a by (field; lra).
    replace (r ^ m)%R with (Cmod c); [now symmetry|].
    unfold r. rewrite <- Rpower_pow by apply exp_pos. unfold Rpower. rewrite ln_exp.
    replace (INR m * (ln (Cmod c) / INR m))%R with (ln (Cmod c)) by (field; lra). now rewrite exp_ln.
Qed.

(** * Division by z - p *)

Fixpoint quotient (l : list C) (p : C) : list C :=
  match l with
  | [] => []
  | _ :: rest => match rest with [] => [] | _ => value rest p :: quotient rest p end
  end.

Lemma division l p z : value l z = (z - p) * value (quotient l p) z + value l p.
Proof.
  induction l as [|a [|b rest] IH]; [simpl; ring|simpl; ring|].
  change (quotient (a :: b :: rest) p) with (value (b :: rest) p :: quotient (b :: rest) p).
  change (value (a :: b :: rest) z) with (a + z * value (b :: rest) z).
  change (value (a :: b :: rest) p) with (a + p * value (b :: rest) p).
  change (value (value (b :: rest) p :: quotient (b :: rest) p) z)
    with (value (b :: rest) p + z * value (quotient (b :: rest) p) z).
  rewrite IH at 1. ring.
Qed.

Lemma quotient_length l p : length (quotient l p) = (length l - 1)%nat.
Proof.
  induction l as [|a [|b rest] IH]; [reflexivity|reflexivity|].
  change (quotient (a :: b :: rest) p) with (value (b :: rest) p :: quotient (b :: rest) p).
  cbn [length] in *. rewrite IH. lia.
Qed.

Lemma quotient_monic l p : (2 <= length l)%nat -> monic l -> monic (quotient l p).
Proof.
  unfold monic. induction l as [|a [|b rest] IH]; cbn [length]; intros Hl Hm; [lia|lia|].
  change (quotient (a :: b :: rest) p) with (value (b :: rest) p :: quotient (b :: rest) p).
  destruct rest as [|c rest]; [simpl in *; rewrite Hm; ring|].
  change (last (b :: c :: rest) (RtoC 0) = RtoC 1) in Hm.
  specialize (IH ltac:(cbn [length]; lia) Hm).
  change (quotient (b :: c :: rest) p) with (value (c :: rest) p :: quotient (c :: rest) p) in *. exact IH.
Qed.

Lemma monic_nonempty l : monic l -> (1 <= length l)%nat.
Proof. unfold monic. destruct l; simpl; [|lia]. intros H. injection H. lra. Qed.

(** All factors z - p taken out of a monic polynomial. *)
Lemma valuation p n : forall l, length l = n -> monic l ->
  exists k q, value q p <> RtoC 0 /\ forall z, value l z = cpow (z - p) k * value q z.
Proof.
  induction n as [n IH] using (well_founded_induction Wf_nat.lt_wf). intros l Hl Hm.
  destruct (classic (value l p = RtoC 0)) as [Z|Z].
  - pose proof (monic_nonempty l Hm) as N. destruct (Nat.eq_dec (length l) 1) as [One|Two].
    + exfalso. destruct l as [|a [|? ?]]; simpl in One; try lia. unfold monic in Hm. simpl in *. rewrite Hm in Z.
      replace (RtoC 1 + p * RtoC 0) with (RtoC 1) in Z by ring. injection Z. lra.
    + destruct (IH (length (quotient l p)) ltac:(rewrite quotient_length; lia) (quotient l p) eq_refl
        ltac:(apply quotient_monic; [lia|assumption])) as (k & q & Q & E).
      exists (S k), q. split; [exact Q|]. intros z. rewrite (division l p z), Z, E. simpl. ring.
  - exists O, l. split; [exact Z|]. intros z. simpl. ring.
Qed.

(** * Size *)

Lemma bounded l (r : R) : exists B, (0 <= B)%R /\ forall z, (Cmod z <= r -> Cmod (value l z) <= B)%R.
Proof.
  induction l as [|a l (B & HB & IH)].
  - exists 0%R. split; [lra|]. intros z _. simpl. rewrite Cmod_0. lra.
  - exists (Cmod a + Rabs r * B)%R. split; [pose proof (Cmod_ge_0 a); pose proof (Rabs_pos r); nra|].
    intros z Hz. simpl. eapply Rle_trans; [apply Cmod_triangle|]. rewrite Cmod_mult. specialize (IH z Hz).
    pose proof (Cmod_ge_0 z). pose proof (Cmod_ge_0 (value l z)). pose proof (Rle_abs r). nra.
Qed.

Lemma lipschitz l (r : R) : exists L, (0 <= L)%R /\
  forall z w, (Cmod z <= r -> Cmod w <= r -> Cmod (value l z - value l w) <= L * Cmod (z - w))%R.
Proof.
  induction l as [|a l (L & HL & IH)].
  - exists 0%R. split; [lra|]. intros z w _ _. simpl. replace (RtoC 0 - RtoC 0) with (RtoC 0) by ring. rewrite Cmod_0. lra.
  - destruct (bounded l r) as (B & HB & Bd). exists (Rabs r * L + B)%R. split; [pose proof (Rabs_pos r); nra|].
    intros z w Hz Hw. simpl.
    replace (a + z * value l z - (a + w * value l w)) with (z * (value l z - value l w) + (z - w) * value l w) by ring.
    eapply Rle_trans; [apply Cmod_triangle|]. rewrite !Cmod_mult. specialize (IH z w Hz Hw). specialize (Bd w Hw).
    pose proof (Cmod_ge_0 z). pose proof (Cmod_ge_0 (value l z - value l w)). pose proof (Cmod_ge_0 (z - w)).
    pose proof (Rle_abs r).
    assert (Cmod z * Cmod (value l z - value l w) <= Rabs r * (L * Cmod (z - w)))%R by (apply Rmult_le_compat; lra).
    assert (Cmod (z - w) * Cmod (value l w) <= Cmod (z - w) * B)%R by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma minus_mod a c : (Cmod a - Cmod c <= Cmod (a + c))%R.
Proof.
  pose proof (Cmod_triangle (a + c) (- c)) as T. rewrite Cmod_opp in T. replace (a + c + - c) with a in T by ring. lra.
Qed.

Lemma grows l : (2 <= length l)%nat -> monic l ->
  forall K, exists r, (0 <= r)%R /\ forall z, (r <= Cmod z -> K <= Cmod (value l z))%R.
Proof.
  induction l as [|a l IH]; intros Hl Hm K; [simpl in Hl; lia|].
  assert (Far : exists r, (0 <= r)%R /\ forall z, (r <= Cmod z -> 1 <= Cmod (value l z))%R).
  { destruct l as [|b [|c rest]]; simpl in Hl; [lia| |].
    - exists 0%R. split; [lra|]. intros z _. unfold monic in Hm. simpl in Hm |- *. rewrite Hm.
      replace (RtoC 1 + z * RtoC 0) with (RtoC 1) by ring. rewrite Cmod_1. lra.
    - apply IH; [cbn [length]; lia|exact Hm]. }
  destruct Far as (r & Hr & Far). exists (Rmax r (Rabs K + Cmod a)). split; [eapply Rle_trans; [exact Hr|apply Rmax_l]|].
  intros z Hz. pose proof (Rmax_l r (Rabs K + Cmod a)). pose proof (Rmax_r r (Rabs K + Cmod a)). specialize (Far z ltac:(lra)).
  change (value (a :: l) z) with (a + z * value l z). rewrite Cplus_comm.
  pose proof (minus_mod (z * value l z) a) as T. rewrite Cmod_mult in T. pose proof (Rle_abs K). pose proof (Cmod_ge_0 z). nra.
Qed.

(** * The least modulus *)

Definition inside (r : R) (z : C) : Prop := (- r <= fst z <= r)%R /\ (- r <= snd z <= r)%R.

Lemma inside_mod r z : inside r z -> (Cmod z <= 2 * r)%R.
Proof.
  intros [X Y]. pose proof (Cmod_2Rmax z). 
  assert (Rmax (Rabs (fst z)) (Rabs (snd z)) <= r)%R by (apply Rmax_lub; apply Rabs_le; lra).
  pose proof (sqrt_pos 2). assert (sqrt 2 <= 2)%R by (rewrite <- (sqrt_Rsqr 2) at 2 by lra; apply sqrt_le_1; unfold Rsqr; lra).
  assert (0 <= Rmax (Rabs (fst z)) (Rabs (snd z)))%R by (eapply Rle_trans; [apply Rabs_pos|apply Rmax_l]). nra.
Qed.

Lemma apart (x y u v e : R) : (Rabs (x - u) <= e -> Rabs (y - v) <= e -> Cmod ((x, y) - (u, v)) <= 2 * e)%R.
Proof.
  intros X Y. apply (inside_mod e). unfold inside, Cminus, Cplus, Copp; cbn [fst snd].
  apply Rabs_le_between in X. apply Rabs_le_between in Y. lra.
Qed.

Lemma least_inside l r : (0 < r)%R -> exists z0, inside r z0 /\ forall z, inside r z -> (Cmod (value l z0) <= Cmod (value l z))%R.
Proof.
  intros Hr. destruct (lipschitz l (2 * r)) as (L & HL & Lip).
  set (E := fun e : R => exists z, inside r z /\ e = (- Cmod (value l z))%R).
  assert (In0 : inside r (RtoC 0)) by (unfold inside; simpl; lra).
  destruct (completeness E) as (s & Upper & Least).
  { exists 0%R. intros e (z & _ & ->). pose proof (Cmod_ge_0 (value l z)). lra. }
  { exists (- Cmod (value l (RtoC 0)))%R. now exists (RtoC 0). }
  apply NNPP. intros None.
  assert (Above : forall z, inside r z -> (- s < Cmod (value l z))%R).
  { intros z Hz. destruct (Rle_lt_dec (Cmod (value l z)) (- s)) as [C|]; [exfalso|assumption].
    apply None. exists z. split; [exact Hz|]. intros w Hw. specialize (Upper (- Cmod (value l w))%R ltac:(now exists w)). lra. }
  set (gap := fun u v : R =>
    (if Rlt_dec (- s) (Cmod (value l (u, v))) then (Cmod (value l (u, v)) + s) / (2 * (2 * L + 1)) else 1)%R).
  assert (Gap : forall u v, (0 < gap u v)%R).
  { intros u v. unfold gap. destruct (Rlt_dec _ _); [|lra]. apply Rmult_lt_0_compat; [lra|apply Rinv_0_lt_compat; lra]. }
  destruct (compactness_value_2d (- r) r (- r) r (fun u v => mkposreal _ (Gap u v))) as [e He].
  assert (Best : is_upper_bound E (s - e)).
  { intros f (z & Hz & ->). destruct z as [x y]. destruct Hz as [X Y]. cbn [fst snd] in X, Y.
    destruct (Rle_lt_dec (- Cmod (value l (x, y))) (s - e)) as [|Bad]; [assumption|exfalso].
    apply (He x y X Y). intros (u & v & Hu & Hv & Xu & Yv & Le). cbn [pos] in *.
    assert (Iuv : inside r (u, v)) by (unfold inside; simpl; lra). assert (Ixy : inside r (x, y)) by (unfold inside; simpl; lra).
    pose proof (Above _ Iuv) as A. pose proof (Lip (x, y) (u, v) (inside_mod r _ Ixy) (inside_mod r _ Iuv)) as D.
    pose proof (apart x y u v (gap u v) ltac:(lra) ltac:(lra)) as N.
    assert (D' : (Cmod (value l (x, y) - value l (u, v)) <= L * (2 * gap u v))%R)
      by (eapply Rle_trans; [exact D|]; apply Rmult_le_compat_l; lra).
    pose proof (minus_mod (value l (u, v)) (value l (x, y) - value l (u, v))) as T.
    replace (value l (u, v) + (value l (x, y) - value l (u, v))) with (value l (x, y)) in T by ring.
    assert (G : (gap u v * (2 * (2 * L + 1)) = Cmod (value l (u, v)) + s)%R).
    { unfold gap. destruct (Rlt_dec _ _); [field; lra|lra]. }
    pose proof (Gap u v). nra. }
  specialize (Least _ Best). pose proof (cond_pos e). lra.
Qed.

Lemma least l : (2 <= length l)%nat -> monic l -> exists z0, forall z, (Cmod (value l z0) <= Cmod (value l z))%R.
Proof.
  intros Hl Hm. destruct (grows l Hl Hm (Cmod (value l (RtoC 0)))) as (r & Hr & Far).
  destruct (least_inside l (r + 1) ltac:(lra)) as (z0 & _ & Least). exists z0. intros z.
  destruct (classic (inside (r + 1) z)) as [In|Out]; [now apply Least|].
  apply Rle_trans with (Cmod (value l (RtoC 0))); [apply Least; unfold inside; simpl; lra|]. apply Far.
  pose proof (Rmax_Cmod z) as Mx. pose proof (Rmax_l (Rabs (fst z)) (Rabs (snd z))).
  pose proof (Rmax_r (Rabs (fst z)) (Rabs (snd z))).
  destruct (Rle_lt_dec (Rabs (fst z)) (r + 1)) as [X|X]; [|lra]. destruct (Rle_lt_dec (Rabs (snd z)) (r + 1)) as [Y|Y]; [|lra].
  exfalso. apply Out. apply Rabs_le_between in X. apply Rabs_le_between in Y. unfold inside. lra.
Qed.

Lemma cpow_mod w m : Cmod (cpow w m) = (Cmod w ^ m)%R.
Proof. induction m as [|m IH]; simpl; [apply Cmod_1|]. now rewrite Cmod_mult, IH. Qed.

Lemma cpow_scaled (t : R) w m : cpow (RtoC t * w) m = RtoC (t ^ m) * cpow w m.
Proof. induction m as [|m IH]; simpl; [ring|]. rewrite IH, RtoC_mult. ring. Qed.

Theorem has_root l : (2 <= length l)%nat -> monic l -> exists z, value l z = RtoC 0.
Proof.
  intros Hl Hm. destruct (least l Hl Hm) as [z0 Least]. exists z0. apply NNPP. intros Nz.
  destruct (valuation z0 _ (quotient l z0) eq_refl (quotient_monic l z0 Hl Hm)) as (k & q & Q & E).
  assert (Form : forall z, value l z = value l z0 + cpow (z - z0) (S k) * value q z).
  { intros z. rewrite (division l z0 z), E. simpl. ring. }
  destruct (root_of (- value l z0 / value q z0) (S k) ltac:(lia)) as [w W].
  set (a := Cmod (value l z0)). assert (A : (0 < a)%R) by now apply Cmod_gt_0.
  destruct (lipschitz q (Cmod z0 + Cmod w)) as (L & HL & Lip).
  set (B := (Cmod w ^ S k * (L * Cmod w))%R).
  assert (HB : (0 <= B)%R) by (pose proof (Cmod_ge_0 w); unfold B; apply Rmult_le_pos; [now apply pow_le|nra]).
  set (t := Rmin 1 (a / (2 * (B + 1)))%R).
  assert (P : (0 < a / (2 * (B + 1)))%R) by (apply Rmult_lt_0_compat; [exact A|apply Rinv_0_lt_compat; lra]).
  assert (T : (0 < t <= 1)%R) by (unfold t; split; [apply Rmin_pos; lra|apply Rmin_l]).
  assert (TB : (t * B < a)%R).
  { apply Rle_lt_trans with (a / (2 * (B + 1)) * B)%R; [apply Rmult_le_compat_r; [exact HB|apply Rmin_r]|].
    apply Rmult_lt_reg_r with (2 * (B + 1))%R; [lra|].
    replace (a / (2 * (B + 1)) * B * (2 * (B + 1)))%R with (a * B)%R by (field; lra). nra. }
  set (z := z0 + RtoC t * w). specialize (Least z). fold a in Least.
  assert (Move : value l z = RtoC (1 - t ^ S k) * value l z0 + RtoC (t ^ S k) * cpow w (S k) * (value q z - value q z0)).
  { rewrite (Form z). replace (z - z0) with (RtoC t * w) by (unfold z; ring). rewrite cpow_scaled, W, RtoC_minus. field. exact Q. }
  assert (Tk : (0 < t ^ S k <= 1)%R) by (split; [apply pow_lt; lra|rewrite <- (pow1 (S k)); apply pow_incr; lra]).
  assert (D : (Cmod (value q z - value q z0) <= L * (t * Cmod w))%R).
  { replace (t * Cmod w)%R with (Cmod (z - z0)).
    - apply Lip.
      + unfold z. eapply Rle_trans; [apply Cmod_triangle|]. rewrite Cmod_mult, Cmod_R, Rabs_pos_eq by lra.
        pose proof (Cmod_ge_0 w). nra.
      + pose proof (Cmod_ge_0 w). lra.
    - replace (z - z0) with (RtoC t * w) by (unfold z; ring). rewrite Cmod_mult, Cmod_R, Rabs_pos_eq; lra. }
  rewrite Move in Least. pose proof (Cmod_triangle (RtoC (1 - t ^ S k) * value l z0)
    (RtoC (t ^ S k) * cpow w (S k) * (value q z - value q z0))) as Tr.
  rewrite !Cmod_mult, !Cmod_R, cpow_mod in Tr. rewrite (Rabs_pos_eq (1 - t ^ S k)), (Rabs_pos_eq (t ^ S k)) in Tr by lra.
  fold a in Tr.
  assert (Small : (t ^ S k * Cmod w ^ S k * Cmod (value q z - value q z0) <= t ^ S k * (t * B))%R).
  { replace (t ^ S k * (t * B))%R with (t ^ S k * Cmod w ^ S k * (L * (t * Cmod w)))%R by (unfold B; ring).
    apply Rmult_le_compat_l; [|exact D]. apply Rmult_le_pos; [lra|]. apply pow_le, Cmod_ge_0. }
  assert (t ^ S k * (t * B) < t ^ S k * a)%R by (apply Rmult_lt_compat_l; lra). lra.
Qed.
