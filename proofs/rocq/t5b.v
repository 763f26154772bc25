(** T5b: a linear state with commuting transitions is not exact from n = d + 2 on, and without expansion it is not near.

    Let Y_j be the output after n inputs c, but c' at time n - j. Because the transitions commute, Y_(j+1) - Y_j is the
    response V A(c)^j u of a linear network, with one u for all j, so what is known of those (T3, T3b) decides. *)

From Coq Require Import Reals List Lra Lia Classical.
From Coquelicot Require Import Complex.
From Recall Require Import definitions statements basics linear t3 t3b t3c t4.
Import ListNotations.
Open Scope R_scope.

Definition changed (c c' : R) (s : nat) : sequence := fun t => if Nat.eqb t s then c' else c.

Lemma changed_allowed c c' s t : changed c c' s t = c \/ changed c c' s t = c'.
Proof. unfold changed. destruct (Nat.eqb t s); auto. Qed.

Section gated.
Variables (d : nat) (A : R -> matrix) (B : R -> vector) (start : vector) (out : readout) (c c' : R).
Hypothesis Commute : commuting d (A c) (A c').
Hypothesis Apart : c <> c'.

Definition defect : vector := fun k => (dot d (A c k) (B c') + B c k) - (dot d (A c' k) (B c) + B c' k).

Definition as_response : elman := {|
  elman_h := {| W := A c; U := defect; b := zero |};
  elman_start := zero;
  elman_out := {| V := fun k => V out k / (c' - c); v0 := 0 |} |}.

Notation reached s := (run (gated_step d A B) start (changed c c' s)).

Lemma moved_by_one s j k : (k < d)%nat ->
  reached (S s) (S (S s) + j) k - reached (S (S s)) (S (S s) + j) k = power d as_response j k.
Proof.
  revert k. induction j as [|j IH]; intros k Hk.
  - rewrite Nat.add_0_r, !run_S.
    rewrite (run_ext _ _ (changed c c' (S (S s))) (changed c c' (S s)) s).
    2:{ intros t Ht. unfold changed. replace (Nat.eqb t (S (S s))) with false by (symmetry; apply Nat.eqb_neq; lia).
      now replace (Nat.eqb t (S s)) with false by (symmetry; apply Nat.eqb_neq; lia). }
    set (h := reached (S s) s). unfold changed. rewrite !Nat.eqb_refl.
    replace (Nat.eqb (S (S s)) (S s)) with false by (symmetry; apply Nat.eqb_neq; lia).
    replace (Nat.eqb (S s) (S (S s))) with false by (symmetry; apply Nat.eqb_neq; lia).
    unfold gated_step. rewrite !dot_plus. cbn [power as_response elman_h U]. unfold defect.
    rewrite (Commute h k Hk). ring.
  - rewrite Nat.add_succ_r, !run_S.
    replace (changed c c' (S s) (S (S (S s) + j))) with c by (unfold changed;
      now replace (Nat.eqb (S (S (S s) + j)) (S s)) with false by (symmetry; apply Nat.eqb_neq; lia)).
    replace (changed c c' (S (S s)) (S (S (S s) + j))) with c by (unfold changed;
      now replace (Nat.eqb (S (S (S s) + j)) (S (S s))) with false by (symmetry; apply Nat.eqb_neq; lia)).
    unfold gated_step at 1 3. cbn [power as_response elman_h W].
    rewrite (dot_eq d (A c k) (power d as_response j)
      (fun i => reached (S s) (S (S s) + j) i + -1 * reached (S (S s)) (S (S s) + j) i)) by (intros; rewrite <- IH by lia; ring).
    rewrite dot_plus, dot_scale. ring.
Qed.

(** The outputs, measured so that c counts as 0 and c' as 1. *)
Definition measured (n j : nat) : R := (gated_output d A B start out (changed c c' (n - j)) n - c) / (c' - c).

Lemma difference n j : (j + 1 < n)%nat -> measured n (S j) - measured n j = response d as_response j.
Proof.
  intros Hj. unfold measured, gated_output, read, response. replace (n - j)%nat with (S (n - S j)) by lia.
  assert (E : exists s, (n - S j)%nat = S s /\ n = (S (S s) + j)%nat) by (exists (n - S (S j))%nat; lia).
  destruct E as (s & -> & E). rewrite E.
  assert (D : dot d (V out) (power d as_response j) =
    dot d (V out) (reached (S s) (S (S s) + j)) - dot d (V out) (reached (S (S s)) (S (S s) + j))).
  { rewrite (dot_eq d (V out) (power d as_response j)
      (fun k => reached (S s) (S (S s) + j) k + -1 * reached (S (S s)) (S (S s) + j) k))
      by (intros k Hk; rewrite <- (moved_by_one s) by exact Hk; ring).
    rewrite dot_plus, dot_scale. ring. }
  cbn [as_response elman_out V].
  replace (dot d (fun k => V out k / (c' - c)) (power d as_response j)) with (dot d (V out) (power d as_response j) / (c' - c)).
  - rewrite D. field. lra.
  - unfold dot, Rdiv. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring.
Qed.

Lemma target n j delta (D : domain) : allows D c c' -> recalls_at delta D n (gated_output d A B start out) -> (j < n)%nat ->
  Rabs (measured n j - if Nat.eqb (S j) n then 1 else 0) <= delta / Rabs (c' - c).
Proof.
  intros All Rec Hj. assert (G : 0 < Rabs (c' - c)) by (apply Rabs_pos_lt; lra).
  specialize (Rec (changed c c' (n - j)) (All _ (changed_allowed c c' (n - j)))).
  replace (measured n j - if Nat.eqb (S j) n then 1 else 0) with
    ((gated_output d A B start out (changed c c' (n - j)) n - changed c c' (n - j) 1%nat) / (c' - c)).
  - unfold Rdiv. rewrite Rabs_mult, Rabs_inv. apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|exact Rec].
  - unfold measured, changed at 2.
    destruct (Nat.eqb_spec (S j) n), (Nat.eqb_spec 1 (n - j)); try lia; field; lra.
Qed.

Lemma never_exactly n (D : domain) : (d + 2 <= n)%nat -> allows D c c' -> ~ recalls_at 0 D n (gated_output d A B start out).
Proof.
  intros Hn All Rec.
  assert (T : forall j, (j < n)%nat -> measured n j = if Nat.eqb (S j) n then 1 else 0).
  { intros j Hj. pose proof (target n j 0 D All Rec Hj) as E. unfold Rdiv in E. rewrite Rmult_0_l in E.
    apply abs_le_inv in E. lra. }
  enough (n - 2 < d)%nat by lia. apply (delay_needs_units d as_response).
  - intros k Hk. rewrite <- (difference n) by lia. rewrite !T by lia.
    replace (Nat.eqb (S (S k)) n) with false by (symmetry; apply Nat.eqb_neq; lia).
    replace (Nat.eqb (S k) n) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
  - rewrite <- (difference n) by lia. rewrite !T by lia. replace (S (S (n - 2))) with n by lia. rewrite Nat.eqb_refl.
    replace (Nat.eqb (S (n - 2)) n) with false by (symmetry; apply Nat.eqb_neq; lia). ring.
Qed.

Lemma not_near n (D : domain) delta : (d + 2 <= n)%nat -> allows D c c' -> non_expanding d (A c) ->
  recalls_at delta D n (gated_output d A B start out) -> Rabs (c' - c) / 2 ^ (d + 1) <= delta.
Proof.
  intros Hn All Non Rec. destruct (recurrence d as_response Non) as (ps & Len & Small & Zero).
  set (Z := fun j => measured n 0 + sum j (response d as_response)).
  assert (EZ : forall j, (j < n)%nat -> Z j = measured n j).
  { unfold Z. induction j as [|j IH]; intros Hj; [simpl; ring|]. cbn [sum]. rewrite <- Rplus_assoc, IH by lia.
    rewrite <- (difference n) by lia. ring. }
  destruct (product (RtoC 1 :: ps)) as (q & Q1 & Q2 & Q3); [constructor; [rewrite Cmod_1; lra|exact Small]|].
  cbn [length] in *. rewrite Len in *.
  set (s := (n - 2 - d)%nat).
  assert (R : csum (S (S d)) (fun j => q j * RtoC (Z (s + j)%nat))%C = RtoC 0).
  { rewrite <- (Q3 (fun j => RtoC (Z j))). cbn [factors]. rewrite <- (Zero s), <- Nat.add_1_r, <- factors_combine.
    f_equal. apply FunctionalExtensionality.functional_extensionality. intros j. rewrite Nat.add_1_r. unfold Z. cbn [sum].
    rewrite <- RtoC_mult, <- RtoC_minus. f_equal. ring. }
  set (e := delta / Rabs (c' - c)). assert (G : 0 < Rabs (c' - c)) by (apply Rabs_pos_lt; lra).
  assert (Near : forall j, (j < S d)%nat -> Rabs (Z (s + j)%nat) <= e).
  { intros j Hj. rewrite EZ by (unfold s; lia). pose proof (target n (s + j) delta D All Rec ltac:(unfold s; lia)) as T.
    replace (Nat.eqb (S (s + j)) n) with false in T by (symmetry; apply Nat.eqb_neq; unfold s; lia).
    now rewrite Rminus_0_r in T. }
  assert (Last : Rabs (Z (s + S d)%nat - 1) <= e).
  { rewrite EZ by (unfold s; lia). pose proof (target n (s + S d) delta D All Rec ltac:(unfold s; lia)) as T.
    now replace (Nat.eqb (S (s + S d)) n) with true in T by (symmetry; apply Nat.eqb_eq; unfold s; lia). }
  assert (Sum : Cmod (csum (S d) (fun j => q j * RtoC (Z (s + j)%nat))%C) <= e * (2 ^ (d + 1) - 1)).
  { eapply Rle_trans; [apply csum_mod|].
    assert (Row : sum (S d) (choose (S d)) = 2 ^ (d + 1) - 1).
    { rewrite Nat.add_1_r, <- (choose_row (S d) (S (S d))) by lia. cbn [sum].
      rewrite (choose_C (S d) (S d)), C_full by lia. ring. }
    rewrite <- Row, <- sum_scale. apply sum_le. intros j Hj. rewrite Cmod_mult, Cmod_R, Rmult_comm.
    apply Rmult_le_compat; auto using Rabs_pos, Cmod_ge_0. }
  cbn [csum] in R. fold (csum (S d) (fun j => q j * RtoC (Z (s + j)%nat))%C) in R.
  change ((csum (S d) (fun j => q j * RtoC (Z (s + j)%nat)) + q (S d) * RtoC (Z (s + S d)%nat))%C = RtoC 0) in R.
  assert (E : csum (S d) (fun j => q j * RtoC (Z (s + j)%nat))%C = RtoC (- Z (s + S d)%nat)).
  { rewrite Q1 in R. rewrite RtoC_opp. set (u := csum _ _) in *. clearbody u.
    replace u with (u + RtoC 1 * RtoC (Z (s + S d)%nat) - RtoC (Z (s + S d)%nat))%C by ring. rewrite R. ring. }
  rewrite E, Cmod_R, Rabs_Ropp in Sum. pose proof (abs_le_inv _ _ Last). pose proof (Rle_abs (Z (s + S d)%nat)).
  assert (P : 0 < 2 ^ (d + 1)) by (apply pow_lt; lra).
  assert (One : 1 <= e * 2 ^ (d + 1)) by lra.
  apply Rmult_le_reg_r with (2 ^ (d + 1)); [exact P|].
  replace (Rabs (c' - c) / 2 ^ (d + 1) * 2 ^ (d + 1)) with (1 * Rabs (c' - c)) by (field; lra).
  replace (delta * 2 ^ (d + 1)) with (e * 2 ^ (d + 1) * Rabs (c' - c)) by (unfold e; field; lra).
  apply Rmult_le_compat_r; lra.
Qed.

End gated.

Theorem commuting_state : T5b.
Proof.
  intros d n A B start out D c c' Hn Com All Ne. split; [now apply never_exactly with (c := c) (c' := c')|].
  intros Non delta. now apply not_near.
Qed.

(** * One diagonal layer *)

Definition diagonal_matrix (a : vector) : matrix := fun k j => if Nat.eqb j k then a k else 0.

Lemma diagonal_as_gated d w out x n :
  diagonal_output d w out x n =
  gated_output d (fun y => diagonal_matrix (diagonal_a w y)) (diagonal_b w) (diagonal_start w) out x n.
Proof.
  unfold diagonal_output, gated_output, read. f_equal. apply dot_eq. induction n as [|n IH]; intros k Hk; [reflexivity|].
  unfold diagonal_state. rewrite !run_S. unfold diagonal_step at 1, gated_step at 1.
  rewrite (dot_eq d _ _ _ (fun j Hj => eq_sym (IH j Hj))). unfold diagonal_matrix at 1. now rewrite dot_unit.
Qed.

Lemma diagonal_commutes d a a' : commuting d (diagonal_matrix a) (diagonal_matrix a').
Proof. intros h k Hk. unfold diagonal_matrix. rewrite !dot_unit by exact Hk. ring. Qed.

Lemma diagonal_non_expanding d a : (forall k, (k < d)%nat -> Rabs (a k) <= 1) -> non_expanding d (diagonal_matrix a).
Proof.
  intros Small x y v w (k & Hk & Nz) E. destruct (E k Hk) as [P Q]. unfold diagonal_matrix in P, Q.
  rewrite dot_unit in P, Q by exact Hk. specialize (Small k Hk). apply abs_le_inv in Small.
  assert (N : 0 < v k * v k + w k * w k) by (destruct Nz; nra).
  assert (X : (a k - x) * (v k * v k + w k * w k) = 0).
  { replace (_ * _) with ((a k * v k - (x * v k - y * w k)) * v k + (a k * w k - (x * w k + y * v k)) * w k) by ring.
    rewrite P, Q. ring. }
  assert (Y : y * (v k * v k + w k * w k) = 0).
  { replace (_ * _) with ((a k * v k - (x * v k - y * w k)) * w k - (a k * w k - (x * w k + y * v k)) * v k) by ring.
    rewrite P, Q. ring. }
  apply Rmult_integral in X as [X|X]; [|lra]. apply Rmult_integral in Y as [Y|Y]; [|lra]. subst y. nra.
Qed.

Theorem one_layer : T5b_diagonal.
Proof.
  intros d n w out D c c' Hn All Ne.
  destruct (commuting_state d n (fun y => diagonal_matrix (diagonal_a w y)) (diagonal_b w) (diagonal_start w) out D c c' Hn
    (diagonal_commutes d _ _) All Ne) as [Exact Near].
  split.
  - intros Rec. apply Exact. intros x Hx. rewrite <- diagonal_as_gated. now apply Rec.
  - intros Small delta Rec. apply Near; [now apply diagonal_non_expanding|].
    intros x Hx. rewrite <- diagonal_as_gated. now apply Rec.
Qed.

(** The last input fixed at c: a readout of the state before it. *)
Theorem seeing_the_last : T5b_selective.
Proof.
  intros d n w out D c c' Hn All Ne. destruct n as [|n]; [lia|].
  set (before := {| V := fun k => V (out c) k * diagonal_a w c k; v0 := dot d (V (out c)) (diagonal_b w c) + v0 (out c) |}).
  set (D' := fun x : sequence => forall t, x t = c \/ x t = c').
  assert (Less : forall delta, recalls_at delta D (S n) (selective_output d w out) ->
    recalls_at delta D' n (diagonal_output d w before)).
  { intros delta Rec x Hx. set (z := fun t => if Nat.eqb t (S n) then c else x t).
    assert (Dz : D z) by (apply All; intros t; unfold z; destruct (Nat.eqb t (S n)); [now left|apply Hx]).
    specialize (Rec z Dz). unfold z at 2 in Rec. replace (Nat.eqb 1 (S n)) with false in Rec by (symmetry; apply Nat.eqb_neq; lia).
    replace (diagonal_output d w before x n) with (selective_output d w out z (S n)); [exact Rec|].
    unfold selective_output, diagonal_output, diagonal_state. rewrite run_S.
    replace (z (S n)) with c by (unfold z; now rewrite Nat.eqb_refl).
    rewrite (run_ext _ _ z x n) by (intros t Ht; unfold z; now replace (Nat.eqb t (S n)) with false by (symmetry;
      apply Nat.eqb_neq; lia)).
    unfold read, before; cbn [V v0]. unfold diagonal_step at 1. rewrite <- Rplus_assoc. f_equal. unfold dot. rewrite <- sum_plus.
    apply sum_ext. intros; ring. }
  destruct (one_layer d n w before D' c c' ltac:(lia) ltac:(intros x Hx; exact Hx) Ne) as [Exact Near].
  split; [intros Rec; now apply Exact, Less|]. intros Small delta Rec. now apply Near, Less.
Qed.

Theorem on_the_box : T5b_box.
Proof.
  intros d n w out M s delta Hn HM Hs Small Rec.
  assert (All : allows (box M) s (- s)).
  { intros x Hx t. assert (Rabs s = M) by (destruct Hs as [->| ->]; rewrite ?Rabs_Ropp; apply Rabs_pos_eq; lra).
    destruct (Hx t) as [->| ->]; rewrite ?Rabs_Ropp; lra. }
  destruct (one_layer d n w out (box M) s (- s) Hn All ltac:(destruct Hs; lra)) as [_ Near].
  specialize (Near Small delta Rec). replace (M / 2 ^ d) with (Rabs (- s - s) / 2 ^ (d + 1)); [exact Near|].
  replace (Rabs (- s - s)) with (2 * M) by (destruct Hs as [->| ->]; unfold Rabs; destruct (Rcase_abs _); lra).
  rewrite pow_add. field. apply pow_nonzero. lra.
Qed.
