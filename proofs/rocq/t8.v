(** T8: no more numbers can be copied than the state holds reals: for linear RNNs by a kernel vector, for a state of one
    real by the intermediate value theorem. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics analysis line linear t3 t6.
Open Scope R_scope.

(** * Two sequences with the same state have the same outputs *)

Lemma run_from {state : Type} (step : state -> R -> state) s x y n : run step s x n = run step s y n ->
  (forall t, (n < t)%nat -> x t = y t) -> forall m, run step s x (n + m) = run step s y (n + m).
Proof.
  intros E Same m. induction m as [|m IH]; [now rewrite Nat.add_0_r|]. rewrite Nat.add_succ_r, !run_S, IH, Same by lia. reflexivity.
Qed.

(** One number cannot be nearer than M to M and to -M. *)
Lemma missed y M delta a : Rabs a = M -> Rabs (y - a) <= delta -> Rabs (y - - a) <= delta -> M <= delta.
Proof. intros <- P Q. apply abs_le_inv in P. apply abs_le_inv in Q. unfold Rabs. destruct (Rcase_abs a); lra. Qed.

Lemma antipodal (y : network) M delta n x j : copies delta M n y -> box M x -> (1 <= j <= n)%nat -> Rabs (x j) = M ->
  y (blanked n x) (n + j - 1)%nat = y (blanked n (fun t => - x t)) (n + j - 1)%nat -> M <= delta.
Proof.
  intros Copy Hx Hj Xj Same. pose proof (Copy x j Hx Hj) as P.
  assert (Hn : box M (fun t => - x t)) by (intros t; rewrite Rabs_Ropp; apply Hx).
  pose proof (Copy (fun t => - x t) j Hn Hj) as Q. cbv beta in Q. rewrite <- Same in Q. exact (missed _ M delta (x j) Xj P Q).
Qed.

(** * Linear RNNs *)

Lemma largest_attained n f : (1 <= n)%nat -> exists j, (j < n)%nat /\ forall k, (k < n)%nat -> f k <= f j.
Proof.
  induction n as [|n IH]; intros Hn; [lia|]. destruct (Nat.eq_dec n 0) as [->|N].
  - exists O. split; [lia|]. intros k Hk. replace k with O by lia. lra.
  - destruct IH as (j & Hj & Most); [lia|]. destruct (Rle_lt_dec (f n) (f j)).
    + exists j. split; [lia|]. intros k Hk. destruct (Nat.eq_dec k n) as [->|]; [assumption|apply Most; lia].
    + exists n. split; [lia|]. intros k Hk. destruct (Nat.eq_dec k n) as [->|]; [lra|]. specialize (Most k ltac:(lia)). lra.
Qed.

Theorem linear_capacity : T8_linear.
Proof.
  intros d w n M delta Hd HM Copy. destruct (dependent d (power d w)) as (c & (j0 & Hj0 & C0) & D).
  destruct (largest_attained (S d) (fun k => Rabs (c k)) ltac:(lia)) as (p & Hp & Most).
  assert (Cp : 0 < Rabs (c p)) by (specialize (Most j0 ltac:(lia)); apply Rabs_pos_lt in C0; cbv beta in Most; lra).
  set (coefficient := fun k => if Nat.leb k d then M / Rabs (c p) * c k else 0).
  set (x := fun t => if (Nat.leb 1 t && Nat.leb t n)%bool then coefficient (n - t)%nat else 0).
  assert (Size : forall k, Rabs (coefficient k) <= M).
  { intros k. unfold coefficient. destruct (Nat.leb_spec k d) as [Hk|]; [|rewrite Rabs_R0; lra].
    specialize (Most k ltac:(lia)). cbv beta in Most.
    rewrite Rabs_mult, Rabs_pos_eq by (apply Rmult_le_pos; [exact HM|left; now apply Rinv_0_lt_compat]).
    apply Rle_trans with (M / Rabs (c p) * Rabs (c p)); [|right; field; lra].
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [exact HM|left; now apply Rinv_0_lt_compat]|exact Most]. }
  apply (antipodal (linear_output d w) M delta n x (n - p)); [exact Copy| |lia| |].
  - intros t. unfold x. destruct (Nat.leb 1 t && Nat.leb t n)%bool; [apply Size|rewrite Rabs_R0; lra].
  - unfold x. replace (Nat.leb 1 (n - p)) with true by (symmetry; apply Nat.leb_le; lia).
    replace (Nat.leb (n - p) n) with true by (symmetry; apply Nat.leb_le; lia). cbn [andb].
    replace (n - (n - p))%nat with p by lia. unfold coefficient.
    replace (Nat.leb p d) with true by (symmetry; apply Nat.leb_le; lia).
    rewrite Rabs_mult, Rabs_pos_eq by (apply Rmult_le_pos; [exact HM|left; now apply Rinv_0_lt_compat]). field. lra.
  - assert (State : forall s : R, forall i, (i < d)%nat ->
      run (elman_step (fun z => z) d w) (elman_start w) (blanked n (fun t => s * x t)) n i =
      run (elman_step (fun z => z) d w) (elman_start w) (fun _ => 0) n i).
    { intros s i Hi. rewrite state_response. replace (sum n _) with 0; [lra|]. symmetry.
      rewrite (sum_ext n _ (fun k => s * (power d w k i * coefficient k))).
      - rewrite sum_scale. replace n with (S d + (n - S d))%nat by lia. rewrite sum_split.
        rewrite (sum_zero (n - S d)) by (intros k _; unfold coefficient; replace (Nat.leb (S d + k) d) with false by (symmetry;
          apply Nat.leb_gt; lia); ring).
        rewrite (sum_ext (S d) _ (fun k => M / Rabs (c p) * (c k * power d w k i))).
        + rewrite sum_scale, D by exact Hi. ring.
        + intros k Hk. unfold coefficient. replace (Nat.leb k d) with true by (symmetry; apply Nat.leb_le; lia). ring.
      - intros k Hk. unfold blanked, x. replace (Nat.leb (n - k) n) with true by (symmetry; apply Nat.leb_le; lia).
        replace (Nat.leb 1 (n - k)) with true by (symmetry; apply Nat.leb_le; lia). cbn [andb].
        replace (n - (n - k))%nat with k by lia. ring. }
    assert (Later : forall s : R, forall m i, (i < d)%nat ->
      run (elman_step (fun z => z) d w) (elman_start w) (blanked n (fun t => s * x t)) (n + m) i =
      run (elman_step (fun z => z) d w) (elman_start w) (fun _ => 0) (n + m) i).
    { intros s. induction m as [|m IH]; intros i Hi; [rewrite Nat.add_0_r; now apply State|].
      rewrite Nat.add_succ_r, !run_S. unfold elman_step at 1 3, affine.
      rewrite (dot_eq d _ _ _ IH). unfold blanked at 1.
      now replace (Nat.leb (S (n + m)) n) with false by (symmetry; apply Nat.leb_gt; lia). }
    assert (Out : forall s : R, linear_output d w (blanked n (fun t => s * x t))
      (n + (n - p) - 1) = linear_output d w (fun _ => 0) (n + (n - p) - 1)).
    { intros s. unfold linear_output, elman_output, read. f_equal. apply dot_eq. intros i Hi.
      replace (n + (n - p) - 1)%nat with (n + (n - p - 1))%nat by lia. now apply Later. }
    assert (Ext : forall s u, (forall t, u t = s * x t) ->
      linear_output d w (blanked n u) (n + (n - p) - 1) = linear_output d w (blanked n (fun t => s * x t)) (n + (n - p) - 1)).
    { intros s u Hu. unfold linear_output, elman_output. f_equal. apply run_ext. intros t _. unfold blanked. now rewrite Hu. }
    rewrite (Ext 1 x) by (intros; ring). rewrite (Ext (-1) (fun t => - x t)) by (intros; ring). now rewrite !Out.
Qed.

(** * A state of one real *)

Definition varies (f : R -> R) : Prop := forall t e, 0 < e -> exists r, 0 < r /\ forall t', Rabs (t' - t) < r ->
  Rabs (f t' - f t) < e.

Lemma varies_continuity f : varies f -> continuity f.
Proof.
  intros H t e He. destruct (H t e He) as (r & Hr & Close). exists r. split; [exact Hr|]. intros t' [_ Ht]. now apply Close.
Qed.

Lemma varies_lipschitz f : (forall a c, Rabs (f a - f c) <= Rabs (a - c)) -> varies f.
Proof. intros L t e He. exists e. split; [exact He|]. intros t' Ht. eapply Rle_lt_trans; [apply L|exact Ht]. Qed.

Lemma run_varies step s0 (x : R -> sequence) : continuous_step step -> (forall k, varies (fun t => x t k)) ->
  forall n, varies (fun t => run step s0 (x t) n).
Proof.
  intros C V n. induction n as [|n IH]; intros t e He.
  - exists 1. split; [lra|]. intros t' _. simpl. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. exact He.
  - destruct (C (run step s0 (x t) n) (x t (S n)) e He) as (r & Hr & Close).
    destruct (IH t r Hr) as (r1 & H1 & C1). destruct (V (S n) t r Hr) as (r2 & H2 & C2).
    exists (Rmin r1 r2). split; [now apply Rmin_pos|]. intros t' Ht. rewrite !run_S. apply Close; [apply C1|apply C2].
    + eapply Rlt_le_trans; [exact Ht|apply Rmin_l].
    + eapply Rlt_le_trans; [exact Ht|apply Rmin_r].
Qed.

(** The boundary of the square from (M, -M) over (M, M) to (-M, M), then zeros. *)
Definition boundary (M s t : R) : sequence := fun k =>
  match k with 1%nat => s * Rmin M (3 * M - t) | 2%nat => s * Rmin M (t - M) | _ => 0 end.

Lemma boundary_varies M s : Rabs s <= 1 -> forall k, varies (fun t => boundary M s t k).
Proof.
  intros Hs k. apply varies_lipschitz. intros a c.
  assert (L : forall u v, Rabs (s * Rmin M u - s * Rmin M v) <= Rabs (u - v)).
  { intros u v. rewrite <- Rmult_minus_distr_l, Rabs_mult. apply Rle_trans with (1 * Rabs (Rmin M u - Rmin M v)).
    - apply Rmult_le_compat_r; [apply Rabs_pos|exact Hs].
    - rewrite Rmult_1_l. unfold Rmin. destruct (Rle_dec M u), (Rle_dec M v); unfold Rabs; repeat destruct (Rcase_abs _); lra. }
  destruct k as [|[|[|k]]]; cbn [boundary].
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. apply Rabs_pos.
  - eapply Rle_trans; [apply L|]. right. rewrite <- Rabs_Ropp. f_equal. ring.
  - eapply Rle_trans; [apply L|]. right. f_equal. ring.
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. apply Rabs_pos.
Qed.

Lemma boundary_box M t : 0 <= t <= 4 * M -> box M (boundary M 1 t).
Proof.
  intros Ht k. destruct k as [|[|[|k]]]; cbn [boundary]; try (rewrite Rabs_R0; lra); rewrite Rmult_1_l; apply abs_le;
    unfold Rmin; match goal with |- context [Rle_dec ?a ?c] => destruct (Rle_dec a c) end; lra.
Qed.

Theorem one_real : T8_one_real.
Proof.
  intros step s0 out n M delta Cont Hn HM Copy.
  set (state := fun s t => run step s0 (blanked n (boundary M s t)) n).
  assert (Blank : forall s t, state s t = run step s0 (boundary M s t) n).
  { intros s t. apply run_ext. intros k Hk. unfold blanked.
  now replace (Nat.leb k n) with true by (symmetry; apply Nat.leb_le; lia). }
  set (gap := fun t => state 1 t - state (-1) t).
  assert (V : varies gap).
  { intros t e He. assert (One : Rabs 1 <= 1) by (rewrite Rabs_R1; lra).
  assert (Minus : Rabs (-1) <= 1) by (rewrite Rabs_left; lra).
    destruct (run_varies step s0 (boundary M 1) Cont (boundary_varies M 1 One) n t (e / 2) ltac:(lra)) as (r1 & H1 & C1).
    destruct (run_varies step s0 (boundary M (-1)) Cont (boundary_varies M (-1) Minus) n t (e / 2) ltac:(lra)) as (r2 & H2 & C2).
    exists (Rmin r1 r2). split; [now apply Rmin_pos|]. intros t' Ht. unfold gap. rewrite !Blank.
    specialize (C1 t' ltac:(eapply Rlt_le_trans; [exact Ht|apply Rmin_l])).
    specialize (C2 t' ltac:(eapply Rlt_le_trans; [exact Ht|apply Rmin_r])).
    set (a := run step s0 (boundary M 1 t') n) in *. set (c := run step s0 (boundary M 1 t) n) in *.
    set (a' := run step s0 (boundary M (-1) t') n) in *. set (c' := run step s0 (boundary M (-1) t) n) in *.
    replace (a - a' - (c - c')) with ((a - c) - (a' - c')) by ring. unfold Rminus at 1.
    eapply Rle_lt_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra. }
  assert (Ends : gap (4 * M) = - gap 0).
  { assert (E : forall s, state s (4 * M) = state (- s) 0).
    { intros s. rewrite !Blank. apply run_ext. intros [|[|[|k]]] _; cbn [boundary]; try reflexivity.
      - rewrite (Rmin_right M (3 * M - 4 * M)), (Rmin_left M (3 * M - 0)) by lra. ring.
      - rewrite (Rmin_left M (4 * M - M)), (Rmin_right M (0 - M)) by lra. ring. }
    unfold gap. rewrite !E. replace (Ropp (-1)) with 1 by ring. replace (Ropp 1) with (-1) by ring. ring. }
  destruct (IVT_cor gap 0 (4 * M) (varies_continuity gap V) ltac:(lra)) as (t & Ht & Zero).
  { rewrite Ends. pose proof (Rle_0_sqr (gap 0)) as Q. unfold Rsqr in Q. lra. }
  assert (Same : state 1 t = state (-1) t) by (unfold gap in Zero; lra).
  assert (Side : exists j, (1 <= j <= n)%nat /\ Rabs (boundary M 1 t j) = M).
  { destruct (Rle_lt_dec t (2 * M)).
    - exists 1%nat. split; [lia|]. cbn [boundary]. rewrite Rmin_left, Rmult_1_l by lra. now apply Rabs_pos_eq.
    - exists 2%nat. split; [lia|]. cbn [boundary]. rewrite Rmin_left, Rmult_1_l by lra. now apply Rabs_pos_eq. }
  destruct Side as (j & Hj & Xj).
  apply (antipodal (fun x t => out (run step s0 x t)) M delta n (boundary M 1 t) j Copy (boundary_box M t Ht) Hj Xj). f_equal.
  assert (Neg : forall m, run step s0 (blanked n (fun k => - boundary M 1 t k)) m = run step s0 (blanked n (boundary M (-1) t)) m).
  { intros m. apply run_ext. intros k _. unfold blanked. destruct (Nat.leb k n); [|reflexivity].
    destruct k as [|[|[|k]]]; cbn [boundary]; ring. }
  rewrite Neg. replace (n + j - 1)%nat with (n + (j - 1))%nat by lia. apply run_from; [exact Same|].
  intros k Hk. unfold blanked. now replace (Nat.leb k n) with false by (symmetry; apply Nat.leb_gt; lia).
Qed.

(** * The cells with one unit *)

Lemma linear_combination a c e : continuous_step (fun s x => a * s + c * x + e).
Proof.
  intros s x eps He. set (K := Rabs a + Rabs c + 1).
  assert (HK : 0 < K) by (unfold K; pose proof (Rabs_pos a); pose proof (Rabs_pos c); lra).
  exists (eps / K). assert (P : 0 < eps / K) by (apply Rmult_lt_0_compat; [exact He|now apply Rinv_0_lt_compat]). split; [exact P|].
  intros s' x' Hs Hx. replace (a * s' + c * x' + e - (a * s + c * x + e)) with (a * (s' - s) + c * (x' - x)) by ring.
  eapply Rle_lt_trans; [apply Rabs_triang|]. rewrite !Rabs_mult.
  assert (Rabs a * Rabs (s' - s) <= Rabs a * (eps / K)) by (apply Rmult_le_compat_l; [apply Rabs_pos|lra]).
  assert (Rabs c * Rabs (x' - x) <= Rabs c * (eps / K)) by (apply Rmult_le_compat_l; [apply Rabs_pos|lra]).
  assert (E : K * (eps / K) = eps) by (field; lra). unfold K in E at 1. lra.
Qed.

Lemma composed f g : varies f -> continuous_step g -> continuous_step (fun s x => f (g s x)).
Proof.
  intros F G s x e He. destruct (F (g s x) e He) as (r & Hr & Cf). destruct (G s x r Hr) as (r' & Hr' & Cg).
  exists r'. split; [exact Hr'|]. intros s' x' Hs Hx. apply Cf. now apply Cg.
Qed.

Lemma both f g (h : R -> R -> R) : continuous_step f -> continuous_step g -> continuous_step h ->
  continuous_step (fun s x => h (f s x) (g s x)).
Proof.
  intros F G H s x e He. destruct (H (f s x) (g s x) e He) as (r & Hr & Ch).
  destruct (F s x r Hr) as (r1 & H1 & C1). destruct (G s x r Hr) as (r2 & H2 & C2).
  exists (Rmin r1 r2). split; [now apply Rmin_pos|]. intros s' x' Hs Hx. pose proof (Rmin_l r1 r2). pose proof (Rmin_r r1 r2).
  apply Ch; [apply C1|apply C2]; lra.
Qed.

Lemma product_step : continuous_step Rmult.
Proof.
  intros s x e He. set (K := Rabs s + Rabs x + 1).
  assert (HK : 1 <= K) by (unfold K; pose proof (Rabs_pos s); pose proof (Rabs_pos x); lra).
  exists (Rmin 1 (e / K)). assert (P : 0 < e / K) by (apply Rmult_lt_0_compat; [exact He|apply Rinv_0_lt_compat; lra]).
  split; [apply Rmin_pos; lra|]. intros s' x' Hs Hx. pose proof (Rmin_l 1 (e / K)) as R1. pose proof (Rmin_r 1 (e / K)) as R2.
  set (r := Rmin 1 (e / K)) in *. replace (s' * x' - s * x) with ((s' - s) * x + s * (x' - x) + (s' - s) * (x' - x)) by ring.
  eapply Rle_lt_trans; [apply Rabs_triang|]. eapply Rle_lt_trans; [apply Rplus_le_compat_r, Rabs_triang|]. rewrite !Rabs_mult.
  pose proof (Rabs_pos s). pose proof (Rabs_pos x). pose proof (Rabs_pos (s' - s)). pose proof (Rabs_pos (x' - x)).
  assert (E : K * (e / K) = e) by (field; lra).
  assert (Rabs (s' - s) * Rabs x <= r * Rabs x) by (apply Rmult_le_compat_r; lra).
  assert (Rabs s * Rabs (x' - x) <= Rabs s * r) by (apply Rmult_le_compat_l; lra).
  assert (Rabs (s' - s) * Rabs (x' - x) < r) by nra.
  assert (K * r <= K * (e / K)) by (apply Rmult_le_compat_l; lra). unfold K in *. lra.
Qed.

Lemma tanh_varies : varies tanh.
Proof. apply varies_lipschitz, tanh_lipschitz. Qed.

Lemma sigmoid_varies : varies sigmoid.
Proof.
  intros t e He. destruct (tanh_varies (t / 2) e He) as (r & Hr & C). exists r. split; [exact Hr|]. intros t' Ht.
  replace t with (2 * (t / 2)) by field. replace t' with (2 * (t' / 2)) by field. rewrite !sigmoid_tanh.
  replace ((1 + tanh (t' / 2)) / 2 - (1 + tanh (t / 2)) / 2) with (/ 2 * (tanh (t' / 2) - tanh (t / 2))) by field.
  rewrite Rabs_mult, (Rabs_pos_eq (/ 2)) by lra.
  assert (Close : Rabs (t' / 2 - t / 2) < r).
  { replace (t' / 2 - t / 2) with (/ 2 * (t' - t)) by field. rewrite Rabs_mult, (Rabs_pos_eq (/ 2)) by lra.
  pose proof (Rabs_pos (t' - t)). lra. }
  specialize (C _ Close). pose proof (Rabs_pos (tanh (t' / 2) - tanh (t / 2))). lra.
Qed.

Lemma elman_one act w n M delta : varies act -> (2 <= n)%nat -> 0 <= M -> copies delta M n (elman_output act 1 w) -> M <= delta.
Proof.
  intros Act Hn HM Copy. set (g := elman_h w).
  apply (one_real (fun s x => act (W g 0%nat 0%nat * s + U g 0%nat * x + b g 0%nat)) (elman_start w 0%nat)
    (fun s => V (elman_out w) 0%nat * s + v0 (elman_out w)) n M delta (composed _ _ Act (linear_combination _ _ _)) Hn HM).
  assert (E : forall x m, run (elman_step act 1 w) (elman_start w) x m 0%nat =
    run (fun s x => act (W g 0%nat 0%nat * s + U g 0%nat * x + b g 0%nat)) (elman_start w 0%nat) x m).
  { intros x m. induction m as [|m IH]; [reflexivity|]. rewrite !run_S, <- IH. unfold elman_step at 1, affine, dot. cbn [sum].
  fold g. f_equal. ring. }
  intros x j Hx Hj. specialize (Copy x j Hx Hj). unfold elman_output, read, dot in Copy. cbn [sum] in Copy.
  rewrite E, Rplus_0_l in Copy. exact Copy.
Qed.

Lemma gru_one after keeps w n M delta : (2 <= n)%nat -> 0 <= M -> copies delta M n (gru_output after keeps 1 w) -> M <= delta.
Proof.
  intros Hn HM Copy.
  set (line := fun g : gate => fun s x : R => W g 0%nat 0%nat * s + U g 0%nat * x + b g 0%nat).
  set (z := fun s x => sigmoid (line (gru_z w) s x)). set (r := fun s x => sigmoid (line (gru_r w) s x)).
  set (inner := fun s x => if after then r s x * (W (gru_n w) 0%nat 0%nat * s + gru_c w 0%nat) + (U (gru_n w) 0%nat * x
    + b (gru_n w) 0%nat)
    else W (gru_n w) 0%nat 0%nat * (r s x * s) + U (gru_n w) 0%nat * x + b (gru_n w) 0%nat).
  set (step := fun s x => if keeps then z s x * s + (1 - z s x) * tanh (inner s x) else (1 - z s x) * s + z s x * tanh (inner s x)).
  assert (Line : forall g, continuous_step (line g)) by (intros; apply linear_combination).
  assert (Z : continuous_step z) by (apply composed; [apply sigmoid_varies|apply Line]).
  assert (Rr : continuous_step r) by (apply composed; [apply sigmoid_varies|apply Line]).
  assert (Plus : continuous_step Rplus).
  { intros s x e He. destruct (linear_combination 1 1 0 s x e He) as (q & Hq & C). exists q. split; [exact Hq|]. intros s' x' Hs Hx.
    specialize (C s' x' Hs Hx). replace (s' + x' - (s + x)) with (1 * s' + 1 * x' + 0 - (1 * s + 1 * x + 0)) by ring. exact C. }
  assert (Affine : forall a c e, continuous_step (fun s x => a * s + c * x + e)) by (intros; apply linear_combination).
  assert (State : continuous_step (fun s _ => s)).
  { intros s x e He. exists e. split; [exact He|]. auto. }
  assert (Ext : forall f f' : R -> R -> R, (forall s x, f s x = f' s x) -> continuous_step f -> continuous_step f').
  { intros f f' Same F s x e He. destruct (F s x e He) as (q & Hq & C). exists q. split; [exact Hq|]. intros s' x' Hs Hx.
  rewrite <- !Same. now apply C. }
  assert (In : continuous_step inner).
  { unfold inner. destruct after.
    - apply (both (fun s x => r s x * (W (gru_n w) 0%nat 0%nat * s + gru_c w 0%nat))
        (fun s x => U (gru_n w) 0%nat * x + b (gru_n w) 0%nat) Rplus); [| |exact Plus].
      + apply (both r (fun s x => W (gru_n w) 0%nat 0%nat * s + gru_c w 0%nat) Rmult Rr); [|apply product_step].
        apply (Ext (fun s x => W (gru_n w) 0%nat 0%nat * s + 0 * x + gru_c w 0%nat)); [intros; ring|apply Affine].
      + apply (Ext (fun s x => 0 * s + U (gru_n w) 0%nat * x + b (gru_n w) 0%nat)); [intros; ring|apply Affine].
    - apply (both (fun s x => r s x * s) (fun _ x => x)
        (fun p x => W (gru_n w) 0%nat 0%nat * p + U (gru_n w) 0%nat * x + b (gru_n w) 0%nat)).
      + apply (both r (fun s _ => s) Rmult Rr State product_step).
      + apply (Ext (fun s x => 0 * s + 1 * x + 0)); [intros; ring|apply Affine].
      + apply Affine. }
  assert (Co : continuous_step (fun s x => 1 - z s x)).
  { apply (both z z (fun p _ => 1 - p) Z Z). apply (Ext (fun s x => -1 * s + 0 * x + 1)); [intros; ring|apply Affine]. }
  assert (N : continuous_step (fun s x => tanh (inner s x))) by (apply composed; [apply tanh_varies|exact In]).
  assert (Step : continuous_step step).
  { unfold step. destruct keeps.
    - apply (both (fun s x => z s x * s) (fun s x => (1 - z s x) * tanh (inner s x)) Rplus); [| |exact Plus].
      + apply (both z (fun s _ => s) Rmult Z State product_step).
      + apply (both (fun s x => 1 - z s x) (fun s x => tanh (inner s x)) Rmult Co N product_step).
    - apply (both (fun s x => (1 - z s x) * s) (fun s x => z s x * tanh (inner s x)) Rplus); [| |exact Plus].
      + apply (both (fun s x => 1 - z s x) (fun s _ => s) Rmult Co State product_step).
      + apply (both z (fun s x => tanh (inner s x)) Rmult Z N product_step). }
  apply (one_real step (gru_start w 0%nat) (fun s => V (gru_out w) 0%nat * s + v0 (gru_out w)) n M delta Step Hn HM).
  assert (E : forall x m, run (gru_step after keeps 1 w) (gru_start w) x m 0%nat = run step (gru_start w 0%nat) x m).
  { intros x m. induction m as [|m IH]; [reflexivity|]. rewrite !run_S, <- IH. set (h := run _ _ _ m).
    unfold gru_step, step, inner, z, r, line, affine, input_map, dot. cbn [sum].
    destruct after, keeps; rewrite !Rplus_0_l; reflexivity. }
  intros x j Hx Hj. specialize (Copy x j Hx Hj). unfold gru_output, read, dot in Copy. cbn [sum] in Copy.
  rewrite E, Rplus_0_l in Copy. exact Copy.
Qed.

Theorem one_unit : T8_one_unit.
Proof.
  intros n M delta Hn HM. repeat split.
  - intros w. apply elman_one; try assumption. apply varies_lipschitz, relu_lipschitz.
  - intros w. apply elman_one; try assumption. apply tanh_varies.
  - intros w. apply elman_one; try assumption. apply sigmoid_varies.
  - intros after keeps w. now apply gru_one.
Qed.
