(** T3: a linear RNN of d units recalls exactly at n if and only if n <= d (no Cayley-Hamilton: any d + 1 vectors of
    R^d are linearly dependent). T3b for one unit. *)

From Coq Require Import Reals List Lra Lia.
From Recall Require Import definitions statements basics linear c1.
Open Scope R_scope.

Definition skip (p j : nat) : nat := if Nat.ltb j p then j else S j.

Lemma sum_skip m p f : (p <= m)%nat -> sum (S m) f = f p + sum m (fun j => f (skip p j)).
Proof.
  induction m as [|m IH]; intros Hp; [replace p with O by lia; simpl; lra|].
  change (sum (S (S m)) f) with (sum (S m) f + f (S m)). destruct (Nat.eq_dec p (S m)) as [->|E].
  - rewrite Rplus_comm. f_equal. apply sum_ext. intros j Hj. unfold skip.
    now replace (Nat.ltb j (S m)) with true by (symmetry; apply Nat.ltb_lt; lia).
  - rewrite IH by lia. cbn [sum]. unfold skip at 3.
    replace (Nat.ltb m p) with false by (symmetry; apply Nat.ltb_ge; lia). lra.
Qed.

Definition place (p : nat) (c : nat -> R) (value : R) (j : nat) : R :=
  if Nat.eqb j p then value else if Nat.ltb j p then c j else c (j - 1)%nat.

Lemma place_skip p c value j : place p c value (skip p j) = c j.
Proof.
  unfold place, skip. destruct (Nat.ltb_spec j p).
  - replace (Nat.eqb j p) with false by (symmetry; apply Nat.eqb_neq; lia).
    now replace (Nat.ltb j p) with true by (symmetry; apply Nat.ltb_lt; lia).
  - replace (Nat.eqb (S j) p) with false by (symmetry; apply Nat.eqb_neq; lia).
    replace (Nat.ltb (S j) p) with false by (symmetry; apply Nat.ltb_ge; lia). f_equal. lia.
Qed.

(** Any d + 1 vectors of R^d are linearly dependent. *)
Lemma dependent d : forall v : nat -> vector, exists c : nat -> R,
  (exists j, (j <= d)%nat /\ c j <> 0) /\ forall i, (i < d)%nat -> sum (S d) (fun j => c j * v j i) = 0.
Proof.
  induction d as [|d IH]; intros v.
  - exists (fun _ => 1). split; [exists O; split; [lia|lra]|lia].
  - assert (Pivot : (forall j, (j <= S d)%nat -> v j d = 0) \/ exists p, (p <= S d)%nat /\ v p d <> 0).
    { clear IH. generalize (S d) at 1 2. intros m. induction m as [|m [Z|(p & Hp & E)]].
      - destruct (Req_dec (v 0%nat d) 0); [left; intros j Hj; now replace j with O by lia|right; exists O; auto].
      - destruct (Req_dec (v (S m) d) 0); [left|right; exists (S m); auto].
        intros j Hj. destruct (Nat.eq_dec j (S m)) as [->|]; [assumption|apply Z; lia].
      - right; exists p; split; [lia|assumption]. }
    destruct Pivot as [Z|(p & Hp & E)].
    + destruct (IH v) as (c & (j & Hj & Cj) & D). exists (fun k => if Nat.leb k d then c k else 0). split.
      * exists j. split; [lia|]. now replace (Nat.leb j d) with true by (symmetry; apply Nat.leb_le; lia).
      * intros i Hi. change (sum (S (S d)) ?f) with (sum (S d) f + f (S d)). cbv beta.
        replace (Nat.leb (S d) d) with false by (symmetry; apply Nat.leb_gt; lia).
        rewrite (sum_ext (S d) _ (fun k => c k * v k i)).
        -- destruct (Nat.eq_dec i d) as [->|]; [rewrite sum_zero; [lra|]; intros k Hk; rewrite Z by lia; lra|].
           rewrite D by lia. lra.
        -- intros k Hk. now replace (Nat.leb k d) with true by (symmetry; apply Nat.leb_le; lia).
    + destruct (IH (fun j i => v (skip p j) i - v (skip p j) d / v p d * v p i)) as (c & (j & Hj & Cj) & D).
      exists (place p c (- sum (S d) (fun j => c j * (v (skip p j) d / v p d)))). split.
      * exists (skip p j). split; [unfold skip; destruct (Nat.ltb j p); lia|]. now rewrite place_skip.
      * intros i Hi. rewrite (sum_skip (S d) p) by lia.
        rewrite (sum_ext (S d) (fun j => place p c _ (skip p j) * _) (fun j => c j * v (skip p j) i))
          by (intros; now rewrite place_skip).
        unfold place at 1. rewrite Nat.eqb_refl.
        assert (F : sum (S d) (fun j => c j * (v (skip p j) i - v (skip p j) d / v p d * v p i)) = 0).
        { destruct (Nat.eq_dec i d) as [->|]; [|apply D; lia]. apply sum_zero. intros k Hk. field. exact E. }
        rewrite (sum_ext (S d) _ (fun j => c j * v (skip p j) i + - v p i * (c j * (v (skip p j) d / v p d)))) in F
          by (intros; ring).
        rewrite sum_plus, sum_scale in F. lra.
Qed.

(** A dependence among A^j B holds among all later powers. *)
Lemma dependent_later d w (c : nat -> R) : (forall i, (i < d)%nat -> sum (S d) (fun j => c j * power d w j i) = 0) ->
  forall s i, (i < d)%nat -> sum (S d) (fun j => c j * power d w (s + j) i) = 0.
Proof.
  intros D. induction s as [|s IH]; intros i Hi; [now apply D|].
  rewrite (sum_ext _ _ (fun j => dot d (W (elman_h w) i) (fun l => c j * power d w (s + j) l)))
    by (intros; rewrite dot_scale; reflexivity).
  rewrite <- dot_sum. apply sum_zero. intros l Hl. rewrite IH by assumption. lra.
Qed.

(** g_0 = ... = g_(n-2) = 0 and g_(n-1) = 1 need n <= d. *)
Lemma delay_needs_units d w m :
  (forall k, (k < m)%nat -> response d w k = 0) -> response d w m = 1 -> (m < d)%nat.
Proof.
  intros Zero One. destruct (Nat.lt_ge_cases m d) as [|Hm]; [assumption|exfalso].
  destruct (dependent d (power d w)) as (c & (j0 & Hj0 & C0) & D).
  pose proof (dependent_later d w c D) as All.
  assert (Resp : forall s, sum (S d) (fun j => c j * response d w (s + j)) = 0).
  { intros s. unfold response.
    rewrite (sum_ext _ _ (fun j => dot d (V (elman_out w)) (fun l => c j * power d w (s + j) l)))
      by (intros; now rewrite dot_scale).
    rewrite <- dot_sum. apply sum_zero. intros l Hl. rewrite All by assumption. lra. }
  enough (Vanish : forall i j, (j <= d)%nat -> (d - j <= i)%nat -> c j = 0) by (apply C0, (Vanish d); lia).
  induction i as [|i IH]; intros j Hj Hi.
  - specialize (Resp (m - j)%nat). rewrite (sum_only _ j) in Resp; [|lia|].
    + replace (m - j + j)%nat with m in Resp by lia. rewrite One in Resp. lra.
    + intros k Hk Ne. rewrite Zero by lia. lra.
  - specialize (Resp (m - j)%nat). rewrite (sum_only _ j) in Resp; [|lia|].
    + replace (m - j + j)%nat with m in Resp by lia. rewrite One in Resp. lra.
    + intros k Hk Ne. destruct (Nat.lt_ge_cases k j); [rewrite Zero by lia; lra|].
      rewrite IH by lia. lra.
Qed.

Lemma no_room d w m : sum m (fun k => Rabs (response d w k)) + Rabs (response d w m - 1) <= 0 -> (m < d)%nat.
Proof.
  intros H. pose proof (Rabs_pos (response d w m - 1)) as P.
  assert (N : forall k, (k < m)%nat -> 0 <= Rabs (response d w k)) by (intros; apply Rabs_pos).
  pose proof (sum_nonneg m _ N) as Q. apply (delay_needs_units d w m).
  - intros k Hk. destruct (Req_dec (response d w k) 0) as [|E]; [assumption|exfalso].
    apply Rabs_pos_lt in E.
    pose proof (sum_le m (fun i => if Nat.eqb i k then Rabs (response d w k) else 0) (fun i => Rabs (response d w i))) as L.
    rewrite (sum_only m k) in L; [|exact Hk|].
    + rewrite Nat.eqb_refl in L. enough (Rabs (response d w k) <= sum m (fun i => Rabs (response d w i))) by lra.
      apply L. intros i Hi. destruct (Nat.eqb_spec i k) as [->|]; [lra|apply Rabs_pos].
    + intros i Hi Ne. now replace (Nat.eqb i k) with false by (symmetry; now apply Nat.eqb_neq).
  - assert (E : Rabs (response d w m - 1) = 0) by lra. revert E. unfold Rabs. destruct (Rcase_abs _); lra.
Qed.

Theorem iff : T3.
Proof.
  intros d n Hn. destruct n as [|m]; [lia|]. split; [|split].
  - split.
    + intros [w Rec]. apply (no_room d w m).
      pose proof (error_response d w 0 1 m ltac:(lra) ltac:(intros x _; now apply Rec)). lra.
    + intros Hd. exists (C1_weights (S m)). apply c1.recalls. lia.
  - intros M HM. split.
    + intros [w Rec]. apply (no_room d w m). pose proof (error_response d w 0 M m ltac:(lra) Rec) as E. nra.
    + intros Hd. exists (C1_weights (S m)). intros x _. now apply c1.recalls; [lia|].
  - intros Hd w delta Rec. enough (m < d)%nat by lia. apply (no_room d w m).
    set (s := sum m _ + _). destruct (Rle_lt_dec s 0) as [|Hs]; [assumption|exfalso].
    pose proof (Rabs_pos delta).
    assert (HM : 0 <= (Rabs delta + 1) / s) by (apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]).
    pose proof (error_response d w delta ((Rabs delta + 1) / s) m HM ltac:(intros x _; now apply Rec)) as E.
    fold s in E. replace ((Rabs delta + 1) / s * s) with (Rabs delta + 1) in E by (field; lra).
    pose proof (Rle_abs delta). lra.
Qed.

Theorem one_unit : T3b_one_unit.
Proof.
  intros w n M delta Hn HM HW Rec. destruct n as [|[|m]]; try lia.
  apply error_response in Rec; [|exact HM]. cbn [sum] in Rec.
  assert (G : response 1 w (S m) = W (elman_h w) 0%nat 0%nat * response 1 w m)
    by (unfold response, dot; cbn [power sum]; unfold dot; cbn [sum]; ring).
  pose proof (sum_nonneg m (fun k => Rabs (response 1 w k)) ltac:(intros; apply Rabs_pos)).
  pose proof (Rabs_triang_inv 1 (response 1 w (S m))) as A. rewrite Rabs_R1, Rabs_minus_sym in A.
  rewrite G, Rabs_mult in A. rewrite G in Rec. pose proof (Rabs_pos (response 1 w m)).
  set (e := Rabs (W _ _ _ * _ - 1)) in *. clearbody e.
  assert (Rabs (W (elman_h w) 0%nat 0%nat) * Rabs (response 1 w m) <= Rabs (response 1 w m)) by nra. nra.
Qed.
