(** A staircase of bistable units (C8), for any cell that can be one: m units, each of which keeps the sign of its first
    argument against every later input, read x_1 to the resolution of m + 1 levels. *)

From Coq Require Import Reals List Lra Lia Psatz.
From Recall Require Import definitions statements basics.
Open Scope R_scope.

(** * Readings of the levels *)

Section levels.
Variables (m : nat) (M : R).
Hypotheses (Hm : (1 <= m)%nat) (HM : 0 < M).
Let s := M / INR m.

Lemma count_pos : 1 <= INR m.
Proof. apply (le_INR 1 m Hm). Qed.

Lemma fewer n : (n < m)%nat -> INR n <= INR m - 1.
Proof. intros H. pose proof (le_INR (S n) m H) as I. rewrite S_INR in I. lra. Qed.

Lemma share_pos : 0 < s.
Proof. pose proof count_pos. apply Rmult_lt_0_compat; [exact HM|apply Rinv_0_lt_compat; lra]. Qed.

Lemma shares : INR m * s = M.
Proof. pose proof count_pos. unfold s. field. lra. Qed.

(** A threshold within M/m of x. *)
Lemma nearest x : - M <= x <= M -> exists p, (p < m)%nat /\ - s <= x - C8_threshold m M p <= s.
Proof.
  intros Hx. pose proof share_pos as Pos. pose proof shares as E.
  assert (H : forall j, (j <= m)%nat -> x <= - M + 2 * INR j * s ->
    exists p, (p < m)%nat /\ - s <= x - C8_threshold m M p <= s).
  { induction j as [|j IH]; intros Hj Below.
    - exists O. split; [lia|]. unfold C8_threshold. fold s. simpl INR in *. lra.
    - destruct (Rle_lt_dec x (- M + 2 * INR j * s)) as [L|L]; [apply IH; [lia|exact L]|].
      exists j. split; [lia|]. unfold C8_threshold. fold s. rewrite S_INR in Below. lra. }
  apply (H m); [lia|]. replace (2 * INR m * s) with (2 * M) by lra. lra.
Qed.

Lemma reach x k : - M <= x <= M -> (k < m)%nat -> Rabs (x - C8_threshold m M k) <= 2 * M - s.
Proof.
  intros Hx Hk. pose proof share_pos as Pos. pose proof shares as E. unfold C8_threshold. fold s.
  pose proof (pos_INR k). assert (INR k + 1 <= INR m) by (rewrite <- S_INR; apply le_INR; lia). apply abs_le. nra.
Qed.

(** Units below the near one lie 2M/m, 4M/m, ... below it. *)
Lemma spaced p k : C8_threshold m M p - C8_threshold m M k = 2 * (INR p - INR k) * s.
Proof. unfold C8_threshold. fold s. ring. Qed.

(** What units 0 ... p - 1 lack of full readings, and the others of the opposite ones, is what the staircase is off. *)
Lemma staircase p (a : nat -> R) : (p < m)%nat ->
  s * sum m a - C8_threshold m M p - s * a p =
  s * (sum (m - S p) (fun j => 1 + a (S p + j)%nat) - sum p (fun k => 1 - a k)).
Proof.
  intros Hp. pose proof shares as E. replace m with (S p + (m - S p))%nat at 1 by lia. rewrite sum_split. cbn [sum].
  rewrite (sum_plus (m - S p) (fun _ => 1)), sum_const.
  rewrite (sum_ext p (fun k => 1 - a k) (fun k => 1 + (-1) * a k)) by (intros; ring). rewrite sum_plus, sum_scale, sum_const.
  rewrite minus_INR, S_INR by lia. unfold C8_threshold. fold s. nra.
Qed.

Lemma off p (a : nat -> R) loss : (p < m)%nat ->
  0 <= sum p (fun k => 1 - a k) <= loss -> 0 <= sum (m - S p) (fun j => 1 + a (S p + j)%nat) <= loss ->
  Rabs (s * sum m a - C8_threshold m M p - s * a p) <= s * loss.
Proof. intros Hp L U. rewrite staircase by exact Hp. pose proof share_pos. apply abs_le. nra. Qed.

(** The near unit's own part: it is on the side of x_1, or x_1 is within w of its threshold. *)
Lemma near_part delta a w : Rabs delta <= s -> Rabs a <= 1 -> 0 <= w -> 0 <= delta * a \/ Rabs delta <= w ->
  Rabs (s * a - delta) <= s + w.
Proof.
  intros D A Hw [Same|Close]; pose proof share_pos as S; apply abs_le_inv in D; apply abs_le_inv in A; apply abs_le.
  - destruct (Rtotal_order delta 0) as [N|[->|P]]; [|nra|].
    + assert (a <= 0) by nra. nra.
    + assert (0 <= a) by nra. nra.
  - apply abs_le_inv in Close. nra.
Qed.
End levels.

(** * Bistable units *)

Definition sign (e : R) : Prop := e = 1 \/ e = -1.

Section latch.
Variables (m : nat) (M kappa Gamma T : R) (keep show : R -> R).
Let s := M / INR m.
Hypotheses (Hm : (1 <= m)%nat) (HM : 0 < M) (Hkappa : 0 < kappa) (HT : kappa * s <= T)
  (Far : kappa * (2 * M - s) + T <= Gamma * keep (kappa * s)).
Hypotheses (Show : forall u, 0 <= u -> 0 <= show u <= 1).

(** A unit: its state after step 1 and later from the argument kappa (x - theta), what it reads, and [held e u h]: it is on
    the side e and its argument was at least u. *)
Variables (state : Type) (first : R -> state) (next : state -> R -> state) (reading : state -> R).
Variables (held : R -> R -> state -> Prop) (fits : state -> Prop).
Hypotheses (First : forall e u z, sign e -> 0 <= u <= e * z -> held e u (first z))
  (Next : forall e u v z h, sign e -> 0 <= u -> 0 <= v <= Gamma * keep u + e * z -> fits h -> held e u h -> held e v (next h z))
  (Less : forall e u v h, 0 <= u <= v -> held e v h -> held e u h)
  (Reads : forall e u h, sign e -> 0 <= u -> held e u h -> show u <= e * reading h)
  (FitsFirst : forall z, fits (first z)) (FitsNext : forall h z, fits h -> fits (next h z))
  (Fits : forall h, fits h -> Rabs (reading h) <= 1).

Variables (x : sequence) (Hx : box M x).

Fixpoint unit_state (k t : nat) : state :=
  match t with
  | O => first (kappa * (x 1%nat - C8_threshold m M k))
  | S t' => next (unit_state k t') (kappa * (x (S t) - C8_threshold m M k))
  end.

Let a (t k : nat) : R := reading (unit_state k t).

Lemma stays k t : fits (unit_state k t).
Proof. induction t as [|t IH]; cbn [unit_state]; auto. Qed.

Lemma within k t : -1 <= a t k <= 1.
Proof. apply abs_le_inv, Fits, stays. Qed.

(** Feedback outweighs every input. *)
Lemma pushed e k t v u : sign e -> (k < m)%nat -> kappa * (2 * M - s) + v <= Gamma * keep u ->
  v <= Gamma * keep u + e * (kappa * (x (S t) - C8_threshold m M k)).
Proof.
  intros He Hk Out. pose proof (box_bounds M x (S t) Hx) as X.
  pose proof (reach m M Hm HM (x (S t)) k X Hk) as R. fold s in R. apply abs_le_inv in R.
  destruct He as [-> | ->]; nra.
Qed.

Lemma far e k c : sign e -> (k < m)%nat -> s <= c -> c <= e * (x 1%nat - C8_threshold m M k) ->
  show (kappa * c) <= e * a 0 k /\ forall t, show T <= e * a (S t) k.
Proof.
  intros He Hk Hc D. pose proof (share_pos m M Hm HM) as Pos. fold s in Pos. assert (U : 0 <= kappa * s) by nra.
    assert (HT0 : 0 <= T) by lra.
  assert (H0 : forall u, s <= u <= c -> held e (kappa * u) (unit_state k 0)).
  { intros u Hu. apply First; [exact He|]. split; [nra|]. destruct He as [-> | ->]; nra. }
  split; [apply Reads; [exact He|nra|apply H0; lra]|].
  assert (All : forall t, held e T (unit_state k (S t))).
  { induction t as [|t IH]; cbn [unit_state]; apply (Next e (kappa * s)); auto using stays.
    - split; [exact HT0|]. now apply pushed.
    - apply H0. lra.
    - split; [exact HT0|]. now apply pushed.
    - apply (Less e (kappa * s) T); [lra|exact IH]. }
  intros t. apply Reads; auto.
Qed.

Lemma near w e k t : 0 < w -> kappa * (2 * M - s + w) <= Gamma * keep (kappa * w) -> sign e -> (k < m)%nat -> w <= e * (x 1%nat -
  C8_threshold m M k) -> 0 <= e * a t k.
Proof.
  intros Hw Out He Hk D. assert (U : 0 <= kappa * w) by nra.
  assert (All : held e (kappa * w) (unit_state k t)).
  { induction t as [|t IH]; cbn [unit_state].
    - apply First; [exact He|]. split; [exact U|]. destruct He as [-> | ->]; nra.
    - apply (Next e (kappa * w)); auto using stays. split; [exact U|]. apply pushed; [exact He|exact Hk|lra]. }
  pose proof (Reads e (kappa * w) _ He U All) as Q. pose proof (Show (kappa * w) U). unfold a. lra.
Qed.

Lemma at_first e k : sign e -> 0 <= e * (x 1%nat - C8_threshold m M k) -> 0 <= e * a 0 k.
Proof.
  intros He D. assert (H : held e 0 (unit_state k 0)) by (apply First; [exact He|]; split; [lra|]; destruct He as [-> | ->]; nra).
  pose proof (Reads e 0 _ He (Rle_refl 0) H). pose proof (Show 0 (Rle_refl 0)). unfold a. lra.
Qed.

(** Of units on one side one may lack l1, the others l3. *)
Lemma side n (f : nat -> R) l1 l3 : 0 <= l1 -> 0 <= l3 -> (n <= m)%nat -> (forall j, (j < n)%nat -> 0 <= f j) ->
  (n = O \/ exists j0, (j0 < n)%nat /\ f j0 <= l1 /\ forall j, (j < n)%nat -> j <> j0 -> f j <= l3) ->
  0 <= sum n f <= l1 + (INR m - 1) * l3.
Proof.
  intros H1 H3 Hn P Q. split; [now apply sum_nonneg|]. pose proof (count_pos m Hm) as C.
  destruct Q as [->|(j0 & Hj0 & One & Rest)]; [simpl; nra|].
  apply Rle_trans with (sum n (fun j => (if Nat.eqb j j0 then l1 - l3 else 0) + l3)).
  - apply sum_le. intros j Hj. destruct (Nat.eqb_spec j j0) as [->|N]; [lra|]. specialize (Rest j Hj N). lra.
  - rewrite (sum_plus n (fun j => if Nat.eqb j j0 then l1 - l3 else 0) (fun _ => l3)), sum_const.
    rewrite (sum_only n j0) by (try assumption; intros j _ N; apply Nat.eqb_neq in N; now rewrite N).
    rewrite Nat.eqb_refl. pose proof (le_INR n m Hn). nra.
Qed.

Lemma latched_within w t : C8_conditions m M kappa Gamma T w keep show ->
  Rabs (s * sum m (a t) - x 1%nat) <= C8_bound m M T w show.
Proof.
  intros (_ & _ & Hw & _ & _ & Out & Early). fold s in Out, Early.
  pose proof (share_pos m M Hm HM) as Pos. fold s in Pos. pose proof (shares m M Hm) as E. fold s in E.
  pose proof (count_pos m Hm) as C. destruct (nearest m M Hm HM (x 1%nat) (box_bounds M x 1 Hx)) as (p & Hp & D). fold s in D.
  set (delta := x 1%nat - C8_threshold m M p) in *.
  assert (HD : Rabs delta <= s) by (apply abs_le; exact D).
  assert (Below : forall k, (k < p)%nat -> 1 * (x 1%nat - C8_threshold m M k) = delta + 2 * (INR p - INR k) * s)
    by (intros k _; pose proof (spaced m M p k) as E'; fold s in E'; unfold delta; lra).
  assert (Above : forall j, (j < m - S p)%nat -> -1 * (x 1%nat - C8_threshold m M (S p + j)) = - delta + 2 * (INR j + 1) * s).
  { intros j _. pose proof (spaced m M p (S p + j)) as E'. fold s in E'. rewrite plus_INR, S_INR in E'. unfold delta. lra. }
  assert (Plus : sign 1) by now left. assert (Minus : sign (-1)) by now right.
  assert (Split : forall l, Rabs (s * sum m (a t) - C8_threshold m M p - s * a t p) <= l ->
    forall r, Rabs (s * a t p - delta) <= r -> Rabs (s * sum m (a t) - x 1%nat) <= l + r).
  { intros l L r R. replace (s * sum m (a t) - x 1%nat)
      with ((s * sum m (a t) - C8_threshold m M p - s * a t p) + (s * a t p - delta)) by (unfold delta; ring).
    eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (PK : forall k, (k < p)%nat -> 1 <= INR p - INR k)
    by (intros k Hk; pose proof (fewer p k Hk); lra).
  assert (HT0 : 0 <= T) by (apply Rle_trans with (kappa * s); [nra|exact HT]).
  unfold C8_bound. fold s. destruct t as [|t].
  - (* step 1 *)
    set (l1 := 1 - show (kappa * s)) in *. set (l3 := 1 - show (3 * kappa * s)) in *.
    assert (L1 : 0 <= l1) by (unfold l1; pose proof (Show (kappa * s) ltac:(nra)); lra).
    assert (L3 : 0 <= l3) by (unfold l3; pose proof (Show (3 * kappa * s) ltac:(nra)); lra).
    replace (s + w + (M - s) * (1 - show T)) with (w + (M - s) * (1 - show T) + (s + 0)) by ring.
    apply Split.
    + eapply Rle_trans; [|exact Early]. apply (off m M Hm HM p (a 0%nat)); [exact Hp| |]; apply side; try assumption; try lia;
        try (intros j _; pose proof (within j 0); pose proof (within (S p + j) 0); lra).
      * destruct p as [|p]; [now left|right]. exists p. split; [lia|]. split.
        -- destruct (far 1 p s Plus ltac:(lia) (Rle_refl s)) as [F _]; [rewrite Below, S_INR by lia; lra|]. unfold l1. lra.
        -- intros j Hj N. destruct (far 1 j (3 * s) Plus ltac:(lia) ltac:(lra)) as [F _].
           ++ rewrite Below by lia. assert (INR j + 2 <= INR (S p)) by (replace (INR j + 2) with (INR (j + 2))
                by (rewrite plus_INR; simpl; ring); apply le_INR; lia). nra.
           ++ replace (kappa * (3 * s)) with (3 * kappa * s) in F by ring. unfold l3. lra.
      * destruct (m - S p)%nat as [|n] eqn:En; [now left|right]. exists O. split; [lia|]. split.
        -- destruct (far (-1) (S p + 0) s Minus ltac:(lia) (Rle_refl s)) as [F _]; [rewrite Above by lia; simpl INR; lra|].
           unfold l1. lra.
        -- intros j Hj N. destruct (far (-1) (S p + j) (3 * s) Minus ltac:(lia) ltac:(lra)) as [F _].
           ++ rewrite Above by lia. assert (1 <= INR j) by (apply (le_INR 1); lia). nra.
           ++ replace (kappa * (3 * s)) with (3 * kappa * s) in F by ring. unfold l3. lra.
    + apply near_part; try assumption; [apply abs_le, within|lra|left].
      destruct (Rle_lt_dec 0 delta) as [P|N].
      * pose proof (at_first 1 p Plus). fold delta in H. nra.
      * pose proof (at_first (-1) p Minus). fold delta in H. nra.
  - (* later *)
    assert (LT : 0 <= 1 - show T) by (pose proof (Show T HT0); lra).
    replace (s + w + (M - s) * (1 - show T)) with (s * ((INR m - 1) * (1 - show T)) + (s + w)) by (rewrite <- E; ring).
    apply Split.
    + apply (off m M Hm HM p (a (S t))); [exact Hp| |]; rewrite <- (Rplus_0_l ((INR m - 1) * (1 - show T)));
        (split; [apply sum_nonneg; intros j _; pose proof (within j (S t)); pose proof (within (S p + j) (S t)); lra|]).
      * rewrite Rplus_0_l. apply Rle_trans with (sum p (fun _ => 1 - show T)).
        -- apply sum_le. intros k Hk. destruct (far 1 k s Plus ltac:(lia) (Rle_refl s)) as [_ F]; [rewrite Below by exact Hk;
             specialize (PK k Hk); nra|].
           specialize (F t). lra.
        -- rewrite sum_const. apply Rmult_le_compat_r; [exact LT|]. apply fewer. lia.
      * rewrite Rplus_0_l. apply Rle_trans with (sum (m - S p) (fun _ => 1 - show T)).
        -- apply sum_le. intros j Hj. destruct (far (-1) (S p + j) s Minus ltac:(lia) (Rle_refl s)) as [_ F];
             [rewrite Above by exact Hj; pose proof (pos_INR j); nra|]. specialize (F t). lra.
        -- rewrite sum_const. apply Rmult_le_compat_r; [exact LT|]. apply fewer. lia.
    + apply near_part; try assumption; [apply abs_le, within|lra|].
      destruct (Rle_lt_dec (Rabs delta) w) as [|Wide]; [now right|left]. revert Wide. unfold Rabs.
      destruct (Rcase_abs delta) as [N|P]; intros Wide.
      * pose proof (near w (-1) p (S t) Hw Out Minus Hp) as Q. fold delta in Q. specialize (Q ltac:(lra)). nra.
      * pose proof (near w 1 p (S t) Hw Out Plus Hp) as Q. fold delta in Q. specialize (Q ltac:(lra)). nra.
Qed.

(** On the grid of m + 1 points no unit is undecided. *)
Lemma latched_on_grid t : C8_grid_conditions m M kappa Gamma T keep show -> grid (S m) M x ->
  Rabs (s * sum m (a t) - x 1%nat) <= C8_grid_bound m M kappa show.
Proof.
  intros (_ & _ & _ & _ & Later) G. unfold C8_grid_bound. fold s in Later |- *.
  pose proof (share_pos m M Hm HM) as Pos. fold s in Pos. pose proof (shares m M Hm) as E. fold s in E.
  destruct (G 1%nat) as (k & Hk & X). replace (S m - 1)%nat with m in X by lia. fold s in X.
  assert (Plus : sign 1) by now left. assert (Minus : sign (-1)) by now right. assert (HT0 : 0 <= T) by nra.
  assert (Place : forall j, x 1%nat - C8_threshold m M j = (2 * (INR k - INR j) - 1) * s)
    by (intros j; rewrite X; unfold C8_threshold; fold s; ring).
  assert (Below : forall j, (j < k)%nat -> s <= 1 * (x 1%nat - C8_threshold m M j))
    by (intros j Hj; rewrite Place; pose proof (le_INR (S j) k Hj) as I; rewrite S_INR in I; nra).
  assert (Above : forall j, s <= -1 * (x 1%nat - C8_threshold m M (k + j)))
    by (intros j; rewrite Place, plus_INR; pose proof (pos_INR j); nra).
  assert (Off : s * sum m (a t) - x 1%nat = s * (sum (m - k) (fun j => 1 + a t (k + j)) - sum k (fun j => 1 - a t j))).
  { rewrite X. replace (sum m (a t)) with (sum k (a t) + sum (m - k) (fun j => a t (k + j)))
      by (rewrite <- sum_split; f_equal; lia).
    rewrite (sum_plus (m - k) (fun _ => 1)), sum_const.
    rewrite (sum_ext k (fun j => 1 - a t j) (fun j => 1 + (-1) * a t j)) by (intros; ring).
    rewrite sum_plus, sum_scale, sum_const, minus_INR by lia. nra. }
  assert (Close : forall l, 0 <= sum k (fun j => 1 - a t j) <= l -> 0 <= sum (m - k) (fun j => 1 + a t (k + j)%nat) <= l ->
    Rabs (s * sum m (a t) - x 1%nat) <= s * l) by (intros l L U; rewrite Off; apply abs_le; nra).
  destruct t as [|t].
  - set (l1 := 1 - show (kappa * s)) in *. set (l3 := 1 - show (3 * kappa * s)) in *.
    assert (L1 : 0 <= l1) by (unfold l1; pose proof (Show (kappa * s) ltac:(nra)); lra).
    assert (L3 : 0 <= l3) by (unfold l3; pose proof (Show (3 * kappa * s) ltac:(nra)); lra).
    apply Close; apply side; try assumption; try lia; try (intros j _; pose proof (within j 0); pose proof (within (k + j) 0); lra).
    + destruct k as [|k]; [now left|right]. exists k. split; [lia|]. split.
      * destruct (far 1 k s Plus ltac:(lia) (Rle_refl s) (Below k ltac:(lia))) as [F _]. unfold l1. lra.
      * intros j Hj N. destruct (far 1 j (3 * s) Plus ltac:(lia) ltac:(lra)) as [F _].
        -- rewrite Place. pose proof (le_INR (S (S j)) (S k) ltac:(lia)) as I. rewrite !S_INR in I. rewrite S_INR. nra.
        -- replace (kappa * (3 * s)) with (3 * kappa * s) in F by ring. unfold l3. lra.
    + destruct (m - k)%nat as [|n] eqn:En; [now left|right]. exists O. split; [lia|]. split.
      * destruct (far (-1) (k + 0) s Minus ltac:(lia) (Rle_refl s) (Above O)) as [F _]. unfold l1. lra.
      * intros j Hj N. destruct (far (-1) (k + j) (3 * s) Minus ltac:(lia) ltac:(lra)) as [F _].
        -- rewrite Place, plus_INR. pose proof (le_INR 1 j ltac:(lia)) as I. simpl INR in I. nra.
        -- replace (kappa * (3 * s)) with (3 * kappa * s) in F by ring. unfold l3. lra.
  - eapply Rle_trans; [|exact Later]. pose proof (Show T HT0) as ST. rewrite <- E.
    replace (INR m * s * (1 - show T)) with (s * (INR m * (1 - show T))) by ring.
    assert (Count : forall n, (n <= m)%nat -> INR n * (1 - show T) <= INR m * (1 - show T))
      by (intros n Hn; apply Rmult_le_compat_r; [lra|now apply le_INR]).
    apply Close; (split; [apply sum_nonneg; intros j _; pose proof (within j (S t)); pose proof (within (k + j) (S t)); lra|]).
    + apply Rle_trans with (sum k (fun _ => 1 - show T)); [|rewrite sum_const; apply Count; lia].
      apply sum_le. intros j Hj. destruct (far 1 j s Plus ltac:(lia) (Rle_refl s) (Below j Hj)) as [_ F]. specialize (F t). lra.
    + apply Rle_trans with (sum (m - k) (fun _ => 1 - show T)); [|rewrite sum_const; apply Count; lia].
      apply sum_le. intros j Hj. destruct (far (-1) (k + j) s Minus ltac:(lia) (Rle_refl s) (Above j)) as [_ F].
      specialize (F t). lra.
Qed.

Lemma latched t (y : R) : y = s * sum m (a t) ->
  (forall w, C8_conditions m M kappa Gamma T w keep show -> Rabs (y - x 1%nat) <= C8_bound m M T w show) /\
  (C8_grid_conditions m M kappa Gamma T keep show -> grid (S m) M x -> Rabs (y - x 1%nat) <= C8_grid_bound m M kappa show).
Proof. intros ->. split; [intros w; apply latched_within|apply latched_on_grid]. Qed.
End latch.

(** * What a cell must show *)

(** What units need to keep their signs, in the box as on the grid. *)
Definition latches (m : nat) (M kappa Gamma T : R) (keep : R -> R) : Prop :=
  let s := M / INR m in 0 < M /\ 0 < kappa /\ kappa * s <= T /\ kappa * (2 * M - s) + T <= Gamma * keep (kappa * s).

(** The network's outputs from step 1 on are within the bounds. *)
Definition reads_levels (m : nat) (M kappa Gamma T : R) (keep show : R -> R) (y : network) : Prop :=
  latches m M kappa Gamma T keep -> forall t x, box M x ->
  (forall w, C8_conditions m M kappa Gamma T w keep show -> Rabs (y x (S t) - x 1%nat) <= C8_bound m M T w show) /\
  (C8_grid_conditions m M kappa Gamma T keep show -> grid (S m) M x ->
   Rabs (y x (S t) - x 1%nat) <= C8_grid_bound m M kappa show).

Lemma for_ever m M kappa Gamma T w keep show y : C8_conditions m M kappa Gamma T w keep show ->
  reads_levels m M kappa Gamma T keep show y -> recalls_forever (C8_bound m M T w show) (box M) y.
Proof.
  intros Cond Reads [|t] Hn x Hx; [lia|]. pose proof Cond as (HM & Hk & _ & HT & Out & _).
  apply (Reads ltac:(now repeat split) t x Hx); exact Cond.
Qed.

Lemma grid_box m M x : (1 <= m)%nat -> 0 < M -> grid (S m) M x -> box M x.
Proof.
  intros Hm HM G t. destruct (G t) as (k & Hk & ->). replace (S m - 1)%nat with m by lia.
  pose proof (share_pos m M Hm HM). pose proof (shares m M Hm). pose proof (pos_INR k). pose proof (le_INR k m ltac:(lia)).
  apply abs_le. nra.
Qed.

Lemma for_ever_on_grid m M kappa Gamma T keep show y : (1 <= m)%nat -> C8_grid_conditions m M kappa Gamma T keep show ->
  reads_levels m M kappa Gamma T keep show y -> recalls_forever (C8_grid_bound m M kappa show) (grid (S m) M) y.
Proof.
  intros Hm Cond Reads [|t] Hn x Hx; [lia|]. pose proof Cond as (HM & Hk & HT & Out & _).
  now apply (Reads ltac:(now repeat split) t x (grid_box m M x Hm HM Hx)).
Qed.
