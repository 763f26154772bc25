(** C8 and C12 at given numbers: weights as certificates list them, and conditions that interval arithmetic decides. *)

From Coq Require Import Reals List ZArith Lra Lia FunctionalExtensionality.
From Recall Require Import definitions statements basics analysis c8 c12.
Import ListNotations.
Open Scope R_scope.

(** * Lists *)

Lemma vec_listed (f : nat -> R) (p : nat -> bool) m :
  vec (map (fun k => (k, f k)) (filter p (seq 0 m))) = fun k => if Nat.ltb k m then (if p k then f k else 0) else 0.
Proof.
  assert (H : forall m a k, vec (map (fun k => (k, f k)) (filter p (seq a m))) k =
    if (Nat.leb a k && Nat.ltb k (a + m))%bool then (if p k then f k else 0) else 0).
  { clear m. induction m as [|m IH]; intros a k; cbn [seq filter].
    - cbn [map vec]. destruct (Nat.leb_spec a k), (Nat.ltb_spec k (a + 0)); try lia; reflexivity.
    - destruct (Nat.eq_dec k a) as [->|N].
      + replace (a <=? a)%nat with true by (symmetry; apply Nat.leb_le; lia).
        replace (a <? a + S m)%nat with true by (symmetry; apply Nat.ltb_lt; lia).
        destruct (p a); cbn [map vec andb]; rewrite IH;
          replace (S a <=? a)%nat with false by (symmetry; apply Nat.leb_gt; lia); cbn [andb]; [|reflexivity].
        rewrite Nat.eqb_refl. lra.
      + assert (E : vec (map (fun k => (k, f k)) (if p a then a :: filter p (seq (S a) m) else filter p (seq (S a) m))) k =
          vec (map (fun k => (k, f k)) (filter p (seq (S a) m))) k).
        { destruct (p a); [|reflexivity]. cbn [map vec]. apply Nat.eqb_neq in N. rewrite N. lra. }
        rewrite E, IH. destruct (Nat.leb_spec a k), (Nat.leb_spec (S a) k), (Nat.ltb_spec k (a + S m)),
          (Nat.ltb_spec k (S a + m)); try lia; reflexivity. }
  extensionality k. rewrite H. destruct (Nat.leb_spec 0 k); [reflexivity|lia].
Qed.

Lemma vec_all (f : nat -> R) m : vec (map (fun k => (k, f k)) (seq 0 m)) = fun k => if Nat.ltb k m then f k else 0.
Proof.
  rewrite <- (vec_listed f (fun _ => true) m). do 2 f_equal. generalize 0%nat. induction m as [|m IH]; intros a; [reflexivity|].
  cbn [seq filter]. now rewrite <- IH.
Qed.

Notation entry k := (fun e : nat * R => (k%nat, fst e, snd e)).

Lemma vec_app l l' k : vec (l ++ l') k = vec l k + vec l' k.
Proof. induction l as [|[i v] l IH]; cbn [app vec]; [|rewrite IH]; lra. Qed.

Lemma row_entries k j l : row (map (entry j) l) k = if Nat.eqb k j then l else [].
Proof.
  induction l as [|[i v] l IH]; cbn [map row fst snd]; [now destruct (Nat.eqb k j)|]. rewrite IH.
  now destruct (Nat.eqb k j).
Qed.

Lemma row_app l l' k : row (l ++ l') k = row l k ++ row l' k.
Proof.
  induction l as [|[[r c] v] l IH]; cbn [app row]; [reflexivity|]. rewrite IH. now destruct (Nat.eqb k r).
Qed.

Lemma rows_listed (r : nat -> list (nat * R)) a n :
  mat (flat_map (fun k => map (entry k) (r k)) (seq a n)) =
  fun k j => if (Nat.leb a k && Nat.ltb k (a + n))%bool then vec (r k) j else 0.
Proof.
  extensionality k. extensionality j. rewrite mat_row. revert a. induction n as [|n IH]; intros a; cbn [seq flat_map].
  - destruct (Nat.leb_spec a k), (Nat.ltb_spec k (a + 0)); try lia; reflexivity.
  - rewrite row_app, vec_app, IH, row_entries. destruct (Nat.eqb_spec k a) as [->|N].
    + destruct (Nat.leb_spec a a), (Nat.leb_spec (S a) a), (Nat.ltb_spec a (a + S n)); try lia; cbn [andb]; lra.
    + destruct (Nat.leb_spec a k), (Nat.leb_spec (S a) k), (Nat.ltb_spec k (a + S n)), (Nat.ltb_spec k (S a + n)); try lia;
        cbn [andb vec]; lra.
Qed.

(** * C8: m units; the threshold of the middle one of an odd number is 0 and is not listed *)

Definition off_centre (m k : nat) : bool := negb (Nat.eqb (k + k + 1) m).

Notation count m := (IZR (Z.of_nat m)).

Notation listed_thresholds m M c :=
  (map (fun k => (k, - c * (- M + (2 * IZR (Z.of_nat k) + 1) * (M / count m)))) (filter (off_centre m) (seq 0 m))).

Notation listed_gate m M kappa Gamma g := {|
  W := mat (flat_map (fun k => map (entry k) [(k, g ^ 2 * Gamma)]) (seq 0 m));
  U := vec (map (fun k => (k, g * kappa)) (seq 0 m));
  b := vec (listed_thresholds m M (g * kappa)) |}.

Notation listed_bias m c := {| W := mat []; U := vec []; b := vec (map (fun k => (k, c)) (seq 0 m)) |}.

Notation listed_readout m worth offset := {| V := vec (map (fun k => (k, worth / count m)) (seq 0 m)); v0 := offset |}.

Lemma threshold_listed m M c k : (1 <= m)%nat ->
  (if off_centre m k then - c * (- M + (2 * IZR (Z.of_nat k) + 1) * (M / count m)) else 0) = - c * C8_threshold m M k.
Proof.
  intros Hm. unfold C8_threshold, off_centre. rewrite !INR_IZR_INZ.
  destruct (Nat.eqb_spec (k + k + 1) m) as [<-|N]; cbn [negb]; [|reflexivity].
  rewrite !Nat2Z.inj_add, !plus_IZR. pose proof (IZR_le 0 (Z.of_nat k) ltac:(lia)). simpl (Z.of_nat 1). field. lra.
Qed.

Lemma gate_listed m M kappa Gamma g : (1 <= m)%nat -> listed_gate m M kappa Gamma g = C8_gate m M kappa Gamma g.
Proof.
  intros Hm. unfold C8_gate. f_equal.
  - rewrite rows_listed. extensionality k. extensionality j. cbn [vec].
    destruct (Nat.leb_spec 0 k); [|lia]. cbn [Nat.add andb]. rewrite (Nat.eqb_sym j k).
    destruct (Nat.ltb k m); [|now rewrite Bool.andb_false_r]. rewrite Bool.andb_true_r. destruct (Nat.eqb k j); lra.
  - now rewrite vec_all.
  - rewrite vec_listed. extensionality k. destruct (Nat.ltb k m); [|reflexivity].
    rewrite (threshold_listed m M (g * kappa) k Hm). ring.
Qed.

Lemma bias_listed m c : listed_bias m c = C8_bias m c.
Proof. unfold C8_bias. f_equal. now rewrite vec_all. Qed.

Lemma readout_listed m worth offset : listed_readout m worth offset = C8_readout m worth offset.
Proof. unfold C8_readout. f_equal. now rewrite vec_all, INR_IZR_INZ. Qed.

Definition listed_tanh (m : nat) (M kappa Gamma : R) : elman := {|
  elman_h := listed_gate m M kappa Gamma 1; elman_start := zero; elman_out := listed_readout m M 0 |}.

Definition listed_sigmoid (m : nat) (M kappa Gamma B : R) : elman := {|
  elman_h := {|
    W := mat (flat_map (fun k => map (entry k) [(k, 4 * Gamma); (m, -2 * Gamma)]) (seq 0 m));
    U := vec (map (fun k => (k, 2 * kappa)) (seq 0 m));
    b := vec (listed_thresholds m M (2 * kappa) ++ [(m, 2 * B)]) |};
  elman_start := zero;
  elman_out := listed_readout m (2 * M) (- M) |}.

Definition listed_gru (keeps : bool) (m : nat) (M kappa Gamma K : R) : gru := {|
  gru_z := listed_bias m (if keeps then - K else K);
  gru_r := listed_bias m K;
  gru_n := listed_gate m M kappa Gamma 1;
  gru_c := zero;
  gru_start := zero;
  gru_out := listed_readout m M 0 |}.

Definition listed_lstm (m : nat) (M kappa Gamma K rho : R) : lstm := {|
  lstm_f := listed_bias m (- K);
  lstm_i := listed_bias m K;
  lstm_o := listed_bias m K;
  lstm_g := listed_gate m M kappa Gamma 1;
  lstm_start := (zero, zero);
  lstm_out := listed_readout m (rho * M) 0 |}.

Lemma tanh_listed m M kappa Gamma : (1 <= m)%nat -> listed_tanh m M kappa Gamma = C8_weights m M kappa Gamma.
Proof. intros Hm. unfold listed_tanh, C8_weights. now rewrite gate_listed, readout_listed. Qed.

Lemma gru_listed keeps m M kappa Gamma K : (1 <= m)%nat -> listed_gru keeps m M kappa Gamma K = C8_gru_weights keeps m M kappa
  Gamma K.
Proof. intros Hm. unfold listed_gru, C8_gru_weights. now rewrite gate_listed, !bias_listed, readout_listed. Qed.

Lemma lstm_listed m M kappa Gamma K rho : (1 <= m)%nat ->
  listed_lstm m M kappa Gamma K rho = C8_lstm_weights m M kappa Gamma K rho.
Proof. intros Hm. unfold listed_lstm, C8_lstm_weights. now rewrite gate_listed, !bias_listed, readout_listed. Qed.

Lemma sigmoid_listed m M kappa Gamma B : (1 <= m)%nat ->
  listed_sigmoid m M kappa Gamma B = C8_sigmoid_weights m M kappa Gamma B.
Proof.
  intros Hm. unfold listed_sigmoid, C8_sigmoid_weights. rewrite readout_listed. do 2 f_equal.
  - rewrite rows_listed. extensionality k. extensionality j. cbn [vec C8_gate W].
    destruct (Nat.leb_spec 0 k); [|lia]. cbn [Nat.add andb]. rewrite (Nat.eqb_sym j k).
    destruct (Nat.ltb_spec k m); [|now rewrite !Bool.andb_false_r]. rewrite !Bool.andb_true_r.
    destruct (Nat.eqb_spec k j), (Nat.eqb_spec j m); try lia; lra.
  - now rewrite vec_all.
  - extensionality k. rewrite vec_app, vec_listed. cbn [vec C8_gate b]. destruct (Nat.eqb_spec k m) as [->|N].
    + rewrite Nat.ltb_irrefl. lra.
    + destruct (Nat.ltb k m); [|lra]. rewrite (threshold_listed m M (2 * kappa) k Hm). ring.
Qed.

(** The conditions with m as a number c, and the bound at most the tolerance. *)
Definition decided (c M kappa Gamma T w tol : R) (keep show : R -> R) : Prop :=
  (0 < M /\ 0 < kappa /\ 0 < w /\ kappa * (M / c) <= T) /\
  kappa * (2 * M - M / c) + T <= Gamma * keep (kappa * (M / c)) /\
  kappa * (2 * M - M / c + w) <= Gamma * keep (kappa * w) /\
  M / c * ((1 - show (kappa * (M / c))) + (c - 1) * (1 - show (3 * kappa * (M / c)))) <= w + (M - M / c) * (1 - show T) /\
  M / c + w + (M - M / c) * (1 - show T) <= tol.

Lemma decided_conditions m c M kappa Gamma T w tol keep show : c = count m -> decided c M kappa Gamma T w tol keep show ->
  C8_conditions m M kappa Gamma T w keep show /\ C8_bound m M T w show <= tol.
Proof.
  intros -> ((H1 & H2 & H3 & H4) & H5 & H6 & H7 & H8). unfold C8_conditions, C8_bound. rewrite INR_IZR_INZ.
  repeat split; assumption.
Qed.

Definition decided_on_grid (c M kappa Gamma T tol : R) (keep show : R -> R) : Prop :=
  (0 < M /\ 0 < kappa /\ kappa * (M / c) <= T) /\
  kappa * (2 * M - M / c) + T <= Gamma * keep (kappa * (M / c)) /\
  M * (1 - show T) <= M / c * ((1 - show (kappa * (M / c))) + (c - 1) * (1 - show (3 * kappa * (M / c)))) /\
  M / c * ((1 - show (kappa * (M / c))) + (c - 1) * (1 - show (3 * kappa * (M / c)))) < tol.

Lemma decided_grid_conditions m c M kappa Gamma T tol keep show : c = count m ->
  decided_on_grid c M kappa Gamma T tol keep show ->
  C8_grid_conditions m M kappa Gamma T keep show /\ C8_grid_bound m M kappa show < tol.
Proof.
  intros -> ((H1 & H2 & H3) & H4 & H5 & H6). unfold C8_grid_conditions, C8_grid_bound. rewrite INR_IZR_INZ.
  repeat split; assumption.
Qed.

Lemma for_ever_less D e tol y : e <= tol -> recalls_forever e D y -> recalls_forever tol D y.
Proof. intros L H n Hn. exact (recalls_less _ _ _ _ _ L (H n Hn)). Qed.

Section certified.
Variables (d m : nat) (c M kappa Gamma T w tol : R).
Hypotheses (Hm : (1 <= m <= d)%nat) (Hc : c = count m) (HG : 0 < Gamma).

Theorem tanh_latch_certified : decided c M kappa Gamma T w tol tanh tanh ->
  recalls_forever tol (box M) (tanh_output d (listed_tanh m M kappa Gamma)).
Proof.
  intros D. rewrite tanh_listed by lia. destruct (decided_conditions m _ _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eapply for_ever_less; [exact Tol|]. now apply tanh_latches.
Qed.

Theorem tanh_grid_certified : decided_on_grid c M kappa Gamma T tol tanh tanh ->
  exists e, e < tol /\ recalls_forever e (grid (S m) M) (tanh_output d (listed_tanh m M kappa Gamma)).
Proof.
  intros D. rewrite tanh_listed by lia. destruct (decided_grid_conditions m _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eexists. split; [exact Tol|]. now apply (tanh_latches_grid d m M kappa Gamma T).
Qed.

Theorem sigmoid_latch_certified B : (m < d)%nat -> 0 < B ->
  decided c M kappa Gamma T w tol (fun u => tanh u - sigmoid (- (2 * B))) tanh ->
  recalls_forever tol (box M) (sigmoid_output d (listed_sigmoid m M kappa Gamma B)).
Proof.
  intros Hd HB D. rewrite sigmoid_listed by lia. destruct (decided_conditions m _ _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eapply for_ever_less; [exact Tol|]. apply sigmoid_latches; [lia|assumption..].
Qed.

Theorem sigmoid_grid_certified B : (m < d)%nat -> 0 < B ->
  decided_on_grid c M kappa Gamma T tol (fun u => tanh u - sigmoid (- (2 * B))) tanh ->
  exists e, e < tol /\ recalls_forever e (grid (S m) M) (sigmoid_output d (listed_sigmoid m M kappa Gamma B)).
Proof.
  intros Hd HB D. rewrite sigmoid_listed by lia. destruct (decided_grid_conditions m _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eexists. split; [exact Tol|]. apply (sigmoid_latches_grid d m M kappa Gamma T); [lia|assumption..].
Qed.

Theorem gru_latch_certified after keeps K : 0 < K ->
  decided c M kappa Gamma T w tol (fun u => sigmoid K * (sigmoid K * tanh u)) (fun u => sigmoid K * tanh u) ->
  recalls_forever tol (box M) (gru_output after keeps d (listed_gru keeps m M kappa Gamma K)).
Proof.
  intros HK D. rewrite gru_listed by lia. destruct (decided_conditions m _ _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eapply for_ever_less; [exact Tol|]. now apply gru_latches.
Qed.

Theorem gru_grid_certified after keeps K : 0 < K ->
  decided_on_grid c M kappa Gamma T tol (fun u => sigmoid K * (sigmoid K * tanh u)) (fun u => sigmoid K * tanh u) ->
  exists e, e < tol /\ recalls_forever e (grid (S m) M) (gru_output after keeps d (listed_gru keeps m M kappa Gamma K)).
Proof.
  intros HK D. rewrite gru_listed by lia. destruct (decided_grid_conditions m _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eexists. split; [exact Tol|]. now apply (gru_latches_grid after keeps d m M kappa Gamma T).
Qed.

Theorem lstm_latch_certified K rho : 0 < K -> 0 < rho -> rho * sigmoid K * tanh 1 <= 1 ->
  decided c M kappa Gamma T w tol (fun u => sigmoid K * tanh (sigmoid K * tanh u))
    (fun u => rho * (sigmoid K * tanh (sigmoid K * tanh u))) ->
  recalls_forever tol (box M) (lstm_output d (listed_lstm m M kappa Gamma K rho)).
Proof.
  intros HK Hr Full D. rewrite lstm_listed by lia. destruct (decided_conditions m _ _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eapply for_ever_less; [exact Tol|]. now apply lstm_latches.
Qed.

Theorem lstm_grid_certified K rho : 0 < K -> 0 < rho -> rho * sigmoid K * tanh 1 <= 1 ->
  decided_on_grid c M kappa Gamma T tol (fun u => sigmoid K * tanh (sigmoid K * tanh u))
    (fun u => rho * (sigmoid K * tanh (sigmoid K * tanh u))) ->
  exists e, e < tol /\ recalls_forever e (grid (S m) M) (lstm_output d (listed_lstm m M kappa Gamma K rho)).
Proof.
  intros HK Hr Full D. rewrite lstm_listed by lia. destruct (decided_grid_conditions m _ _ _ _ _ _ _ _ Hc D) as [Cond Tol].
  eexists. split; [exact Tol|]. now apply (lstm_latches_grid d m M kappa Gamma T).
Qed.
End certified.

(** * C9: a shut gate, by an argument that is easy to compute with *)

Lemma sigmoid_below v y s : y <= v -> sigmoid v <= s -> sigmoid y <= s.
Proof. intros H L. apply Rle_trans with (sigmoid v); [now apply sigmoid_le|exact L]. Qed.

(** * C12 *)

Definition listed_delay (n : nat) : elman := {|
  elman_h := {|
    W := mat (flat_map (fun k => map (entry k) match k with
      | 2 => [0 |-> 1; 1 |-> 1; 2 |-> 1]
      | 3 => [0 |-> 2; 2 |-> 1]
      | _ => [0 |-> 1; 1 |-> 1; (k - 1) |-> 1]
      end%nat) (seq 2 (if Nat.leb n 1 then 0 else n)));
    U := vec [0 |-> 1; 1 |-> -1];
    b := vec [] |};
  elman_start := zero;
  elman_out := {| V := vec (if Nat.leb n 1 then [0 |-> 1; 1 |-> -1] else [2 |-> -1; (n + 1) |-> 1]); v0 := 0 |} |}.

Lemma delay_listed n : listed_delay n = C12_weights n.
Proof.
  unfold listed_delay, C12_weights. do 2 f_equal.
  - rewrite rows_listed. extensionality k. extensionality j. destruct (Nat.leb_spec n 1) as [One|Two].
    + destruct (Nat.leb_spec 2 k), (Nat.ltb_spec k (2 + 0)); try lia; cbn [andb];
        (destruct k as [|[|[|[|k]]]]; try reflexivity;
         destruct (Nat.leb_spec (S (S (S (S k)))) (n + 1)); [lia|reflexivity]).
    + destruct k as [|[|[|[|k]]]]; try reflexivity.
      * destruct (Nat.ltb_spec 2 (2 + n)); [|lia]. cbn [Nat.leb andb vec]. lra.
      * destruct (Nat.ltb_spec 3 (2 + n)); [|lia]. cbn [Nat.leb andb vec]. lra.
      * destruct (Nat.ltb_spec (S (S (S (S k)))) (2 + n)), (Nat.leb_spec (S (S (S (S k)))) (n + 1)); try lia;
          cbn [Nat.leb andb vec]; lra.
  - destruct (Nat.leb n 1); [reflexivity|]. extensionality k. cbn [vec]. lra.
Qed.

Theorem delay_certified d n : (1 <= n)%nat -> (n + 2 <= d \/ n = 1 /\ 2 <= d)%nat ->
  recalls_at 0 reals n (relu_output d (listed_delay n)).
Proof. intros Hn Hd. rewrite delay_listed. now apply c12.recalls. Qed.
