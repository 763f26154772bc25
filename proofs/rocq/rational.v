(** C14, C15, C16 at given numbers: conditions between rational numbers, decided by computing with them. *)

From Coq Require Import Reals List Lra Lia ZArith QArith Qreals Qreduction FunctionalExtensionality.
From Recall Require Import definitions statements basics analysis linear t3b doubling filters c16 numbers listed.
Import ListNotations.
Open Scope R_scope.

(** * Sparse vectors of rationals, their sums and powers *)

Definition entries := list (nat * Q).

Notation "k |=> p // q" := (@pair nat Q k%nat (Qmake p%Z q%positive)) (at level 60, p at level 59, q at level 59).

(** A rational number as certificates write it. *)
Definition quotient (a : Q) : R := match Qden a with xH => IZR (Qnum a) | P => IZR (Qnum a) / IZR (Zpos P) end.

Definition real (l : entries) : list (nat * R) := map (fun e => (fst e, quotient (snd e))) l.

(** A sum, without arithmetic where nothing is added. *)
Definition with_rest (v rest : Q) : Q := if Qeq_bool rest 0 then v else Qred (v + rest).

Fixpoint at_unit (l : entries) (k : nat) : Q :=
  match l with [] => 0%Q | (i, v) :: rest => if Nat.eqb k i then with_rest v (at_unit rest k) else at_unit rest k end.

Fixpoint total (n : nat) (f : nat -> Q) : Q := match n with O => 0%Q | S k => Qred (total k f + f k) end.

Fixpoint power (a : Q) (j : nat) : Q := match j with O => 1%Q | S i => (a * power a i)%Q end.

Lemma Q2R_red a : Q2R (Qred a) = Q2R a.
Proof. apply Qeq_eqR, Qred_correct. Qed.

Lemma Q2R_0 : Q2R 0 = 0.
Proof. unfold Q2R; simpl; lra. Qed.

Lemma Q2R_1 : Q2R 1 = 1.
Proof. unfold Q2R; simpl; lra. Qed.

Lemma quotient_real a : quotient a = Q2R a.
Proof. unfold quotient, Q2R. destruct (Qden a); [reflexivity..|lra]. Qed.

Lemma with_rest_real v rest : Q2R (with_rest v rest) = Q2R v + Q2R rest.
Proof.
  unfold with_rest. destruct (Qeq_bool rest 0) eqn:E; [|now rewrite Q2R_red, Q2R_plus].
  apply Qeq_bool_iff, Qeq_eqR in E. rewrite E, Q2R_0. lra.
Qed.

Lemma vec_real l k : vec (real l) k = Q2R (at_unit l k).
Proof.
  induction l as [|[i v] l IH]; cbn [real map vec at_unit fst snd]; [symmetry; apply Q2R_0|].
  fold (real l). rewrite IH, quotient_real. destruct (Nat.eqb k i); [rewrite with_rest_real|]; lra.
Qed.

Lemma total_real n f g : (forall k, (k < n)%nat -> g k = Q2R (f k)) -> sum n g = Q2R (total n f).
Proof.
  induction n as [|n IH]; intros E; cbn [sum total]; [symmetry; apply Q2R_0|].
  rewrite Q2R_red, Q2R_plus, IH, E by auto. reflexivity.
Qed.

Lemma power_real a j : Q2R a ^ j = Q2R (power a j).
Proof. induction j as [|j IH]; cbn [pow power]; [symmetry; apply Q2R_1|]. rewrite Q2R_mult, IH. reflexivity. Qed.

Lemma decided_equal a b : Qeq_bool a b = true -> Q2R a = Q2R b.
Proof. intros E. now apply Qeq_eqR, Qeq_bool_iff. Qed.

(** All j < n have f. *)
Definition each (n : nat) (f : nat -> bool) : bool := forallb f (seq 0 n).

Lemma each_below n f : each n f = true -> forall j, (j < n)%nat -> f j = true.
Proof. intros E j Hj. apply (proj1 (forallb_forall f (seq 0 n)) E). apply in_seq. lia. Qed.

(** Only units below n are listed. *)
Definition below (n : nat) (l : entries) : bool := forallb (fun e => Nat.ltb (fst e) n) l.

Lemma first_real n l : below n l = true -> first n (vec (real l)) = vec (real l).
Proof.
  intros B. extensionality k. unfold first. destruct (Nat.ltb_spec k n) as [|G]; [reflexivity|].
  induction l as [|[i v] l IH]; [reflexivity|]. cbn [below forallb fst] in B. apply andb_prop in B as [Bi Bl].
  cbn [real map vec fst snd]. fold (real l). rewrite <- IH by exact Bl. apply Nat.ltb_lt in Bi.
  replace (Nat.eqb k i) with false by (symmetry; apply Nat.eqb_neq; lia). lra.
Qed.

(** A vector of the theorem, as listed. *)
Definition lists (n : nat) (l : entries) (f : nat -> Q) : bool := (below n l && each n (fun k => Qeq_bool (at_unit l k) (f k)))%bool.

Lemma listed_first n l f g : lists n l f = true -> (forall k, (k < n)%nat -> g k = Q2R (f k)) -> vec (real l) = first n g.
Proof.
  intros E G. apply andb_prop in E as [B E]. rewrite <- (first_real n l B). extensionality k. unfold first.
  destruct (Nat.ltb_spec k n) as [L|]; [|reflexivity]. rewrite vec_real, G by exact L. apply decided_equal.
  exact (each_below _ _ E k L).
Qed.

Lemma exactly_within n g f wanted : (forall j, (j < n)%nat -> g j = Q2R (f j)) -> (forall j, (j < n)%nat -> Q2R (f j) = wanted j) ->
  within 0 n g wanted.
Proof. intros G F j Hj. rewrite G, F, Rminus_diag_eq, Rabs_R0 by auto. lra. Qed.

Definition wanted_delay (n j : nat) : Q := if Nat.eqb (S j) n then 1%Q else 0%Q.

Lemma wanted_delay_real n j : Q2R (wanted_delay n j) = delayed n j.
Proof. unfold wanted_delay, delayed. destruct (Nat.eqb (S j) n); [apply Q2R_1|apply Q2R_0]. Qed.

(** * Diagonal layers with gates affine in the input, as certificates list them *)

Definition listed_diagonal (Ua ba Ub bb out : entries) : definitions.diagonal * readout :=
  (affine_diagonal {| W := mat []; U := vec (real Ua); b := vec (real ba) |}
     {| W := mat []; U := vec (real Ub); b := vec (real bb) |} zero,
   {| V := vec (real out); v0 := 0 |}).

Notation output_of d w := (diagonal_output d (fst w) (snd w)) (only parsing).

(** * C14 *)

Definition delay_decided (n : nat) (poles gains out : entries) : bool :=
  (lists n poles (at_unit poles) && lists n gains (fun _ => 1%Q) && lists n out (at_unit out) && each n (fun j =>
    Qeq_bool (total n (fun k => at_unit out k * power (at_unit poles k) j)%Q) (wanted_delay n j)))%bool.

Theorem filter_certified d n poles gains out D : (1 <= n <= d)%nat -> delay_decided n poles gains out = true ->
  recalls_at 0 D n (output_of d (listed_diagonal [] poles gains [] out)).
Proof.
  intros Hn E. apply andb_prop in E as [E Near]. apply andb_prop in E as [E Out]. apply andb_prop in E as [Poles Gains].
  destruct (any_poles d n (vec (real poles)) Hn) as [Exactly _]. specialize (Exactly (vec (real out))).
  unfold listed_diagonal. cbn [fst snd]. rewrite (listed_first n gains (fun _ => 1%Q) ones Gains) by (intros; symmetry; apply Q2R_1).
  rewrite (listed_first n poles _ (vec (real poles)) Poles), (listed_first n out _ (vec (real out)) Out)
    by (intros; apply vec_real).
  intros x _. apply Exactly; [|exact I]. apply exactly_within with
    (f := fun j => total n (fun k => at_unit out k * power (at_unit poles k) j)%Q).
  - intros j Hj. apply total_real. intros k Hk. unfold ones. rewrite !vec_real, power_real, Q2R_mult. ring.
  - intros j Hj. rewrite <- wanted_delay_real. apply decided_equal. exact (each_below _ _ Near j Hj).
Qed.

(** * C2: one unit that explodes *)

Definition listed_exploding (lambda : R) (n : nat) : definitions.diagonal * readout :=
  (affine_diagonal {| W := mat []; U := vec []; b := vec [0 |-> lambda] |} {| W := mat []; U := vec [0 |-> 1]; b := vec [] |} zero,
   {| V := vec [0 |-> / lambda ^ (n - 1)]; v0 := 0 |}).

Lemma exploding_alike d lambda n x t : (1 <= d)%nat ->
  output_of d (listed_exploding lambda n) x t = linear_output d (C2_weights lambda n) x t.
Proof.
  intros Hd. unfold linear_output, elman_output, diagonal_output, diagonal_state.
  change (elman_start (C2_weights lambda n)) with zero. unfold listed_exploding at 1 3; cbn [fst snd].
  unfold C2_weights at 1; cbn [elman_out]. weights. f_equal. induction t as [|t IH]; [reflexivity|]. rewrite !run_S.
  change (run (diagonal_step _) _ x t 0%nat) with (diagonal_state (fst (listed_exploding lambda n)) x t 0%nat) in IH |- *.
  unfold diagonal_state in *. set (h := run (diagonal_step _) _ x t) in *. set (g := run (elman_step _ _ _) _ x t) in *.
  clearbody h g. unfold diagonal_step, elman_step, listed_exploding, C2_weights, affine_diagonal;
    cbn [fst snd diagonal_a diagonal_b elman_h]. weights. rewrite IH. lra.
Qed.

Theorem exploding_diagonal_certified d n lambda M tol : (1 <= d)%nat -> (1 <= n)%nat -> 1 < lambda -> 0 < M ->
  M <= tol * (lambda - 1) -> recalls_at tol (box M) n (output_of d (listed_exploding lambda n)).
Proof. intros Hd Hn Hl HM Tol x Hx. rewrite exploding_alike by exact Hd. exact (linear_certified d n lambda M tol Hd Hn Hl HM Tol x Hx). Qed.

(** * C2-doubling, C15 *)

Lemma doubling_recalls (y : network) N M tol : (1 <= N)%nat -> 0 <= M -> M * (1 - / 2 ^ (N - 1)) <= tol ->
  (forall n, (1 <= n <= N)%nat -> error_is (M * (1 - / 2 ^ (N - 1))) (box M) n y) -> recalls_upto tol (box M) N y.
Proof.
  intros HN HM Tol Error n Hn x Hx. destruct (Error n Hn) as [Upper _]. eapply Rle_trans; [|exact Tol]. apply Upper. now exists x.
Qed.

Theorem linear_doubling_certified d N M tol : (1 <= d)%nat -> (1 <= N)%nat -> 0 <= M -> M * (1 - / 2 ^ (N - 1)) <= tol ->
  recalls_upto tol (box M) N (linear_output d (C2_doubling_weights N)).
Proof. intros Hd HN HM Tol. apply doubling_recalls; auto. intros n Hn. now apply doubling.linear. Qed.

Definition listed_doubling (N : nat) : definitions.diagonal * readout := (C15_weights, doubling_readout N).

Theorem diagonal_doubling_certified d N M tol : (1 <= d)%nat -> (1 <= N)%nat -> 0 <= M -> M * (1 - / 2 ^ (N - 1)) <= tol ->
  recalls_upto tol (box M) N (output_of d (listed_doubling N)).
Proof. intros Hd HN HM Tol. apply doubling_recalls; auto. intros n Hn. now apply doubling.diagonal. Qed.

(** * C16: the lattice network *)

Fixpoint pascal (n k : nat) : Z :=
  match n, k with _, O => 1 | O, S _ => 0 | S m, S i => pascal m i + pascal m (S i) end%Z.

Lemma pascal_choose n k : IZR (pascal n k) = choose n k.
Proof.
  revert k. induction n as [|n IH]; intros [|k]; try reflexivity; [symmetry; apply choose_0|].
  change (pascal (S n) (S k)) with (pascal n k + pascal n (S k))%Z. rewrite plus_IZR, !IH. cbn [choose]. ring.
Qed.

Definition central (N : nat) : Q := inject_Z (pascal (N - 1) ((N - 1) / 2)).

Lemma central_real N : Q2R (central N) = Binomial.C (N - 1) ((N - 1) / 2).
Proof.
  unfold central, inject_Z, Q2R; cbn [Qnum Qden]. rewrite pascal_choose, choose_C; [lra|].
  apply Nat.div_le_upper_bound; lia.
Qed.

Definition nonzero (a : Q) : bool := negb (Qeq_bool a 0).

Lemma nonzero_real a : nonzero a = true -> ~ (a == 0)%Q /\ Q2R a <> 0.
Proof.
  unfold nonzero. intros E. apply Bool.negb_true_iff, Qeq_bool_neq in E. split; [exact E|].
  intros R. apply E, eqR_Qeq. now rewrite R, Q2R_0.
Qed.

Definition lattice_decided (N : nat) (m tol : Q) (points shares Ua ba Ub bb out : entries) : bool :=
  let n := (2 * N - 1)%nat in
  let z := at_unit points in let w := at_unit shares in
  let eta := (/ central N)%Q in
  let zero_at e := if Nat.eqb e 0 then 1%Q else 0%Q in
  (nonzero (central N) && nonzero m && Qle_bool 0 m && Qle_bool (m * (1 - eta)) tol &&
   each n (fun k => nonzero (z k) && nonzero (1 + z k)) &&
   each N (fun e => Qeq_bool (total n (fun k => w k * power (z k) e)) (zero_at e) &&
     Qeq_bool (total n (fun k => w k * power (/ z k) e)) (zero_at e)) &&
   Qeq_bool (total n (fun k => w k / (1 + z k))) (1 # 2) &&
   lists n Ua (fun k => (/ z k - z k) / (2 * m)) && lists n ba (fun k => 1 + (/ z k + z k) / 2) &&
   lists n Ub (fun k => (1 + z k) / (2 * m)) && lists n bb (fun k => (1 - z k) / 2) &&
   lists n out (fun k => 2 * eta * m * w k / (1 + z k)))%Q%bool.

Ltac to_reals := rewrite ?Q2R_div, ?Q2R_mult, ?Q2R_minus, ?Q2R_plus, ?Q2R_inv; try assumption.

Theorem lattice_certified d N M tol m t points shares Ua ba Ub bb out : (1 <= N)%nat -> (2 * N - 1 <= d)%nat ->
  M = Q2R m -> tol = Q2R t -> lattice_decided N m t points shares Ua ba Ub bb out = true ->
  recalls_upto tol (box M) N (output_of d (listed_diagonal Ua ba Ub bb out)).
Proof.
  intros HN Hd -> -> E. unfold lattice_decided in E. cbv zeta in E.
  repeat match type of E with (_ && _)%bool = true => let E' := fresh "E" in apply andb_prop in E as [E E'] end.
  destruct (nonzero_real _ E) as [Cq Cr]. destruct (nonzero_real _ E10) as [Mq Mr].
  apply Qle_bool_imp_le, Qle_Rle in E9. apply Qle_bool_imp_le, Qle_Rle in E8. rewrite Q2R_0 in E9.
  assert (Two : Q2R 2 = 2) by (unfold Q2R; simpl; lra).
  assert (Twice : ~ (2 * m == 0)%Q) by (intros F; apply Mq; apply eqR_Qeq; apply Qeq_eqR in F; rewrite Q2R_mult, Two, Q2R_0 in *; lra).
  assert (TwoNot : ~ (2 == 0)%Q) by (intros F; discriminate F).
  assert (Nz : forall k, (k < 2 * N - 1)%nat -> (~ (at_unit points k == 0)%Q /\ Q2R (at_unit points k) <> 0) /\
    (~ (1 + at_unit points k == 0)%Q /\ 1 + Q2R (at_unit points k) <> 0)).
  { intros k Hk. pose proof (each_below _ _ E7 k Hk) as B. cbv beta in B. apply andb_prop in B as [B1 B2].
    split; [now apply nonzero_real|]. destruct (nonzero_real _ B2) as [Bq Br]. split; [exact Bq|].
    now rewrite Q2R_plus, Q2R_1 in Br. }
  assert (Points : C16_points N (vec (real points)) (vec (real shares))).
  { split; [|split].
    - intros k Hk. rewrite vec_real. destruct (Nz k Hk) as [[_ A] [_ B]]. now split.
    - assert (Both : forall e, (e < N)%nat ->
        sum (2 * N - 1) (fun k => vec (real shares) k * vec (real points) k ^ e) = (if Nat.eqb e 0 then 1 else 0) /\
        sum (2 * N - 1) (fun k => vec (real shares) k * (/ vec (real points) k) ^ e) = if Nat.eqb e 0 then 1 else 0).
      { intros e He. pose proof (each_below _ _ E6 e He) as B. cbv beta in B. apply andb_prop in B as [B1 B2].
        apply decided_equal in B1, B2.
        assert (W : Q2R (if Nat.eqb e 0 then 1 else 0) = if Nat.eqb e 0 then 1 else 0)
          by (destruct (Nat.eqb e 0); [apply Q2R_1|apply Q2R_0]).
        rewrite W in B1, B2. split; [rewrite <- B1|rewrite <- B2]; apply total_real; intros k Hk; rewrite !vec_real.
        - rewrite Q2R_mult. f_equal. apply power_real.
        - rewrite Q2R_mult, <- Q2R_inv by (now apply Nz). f_equal. apply power_real. }
      intros i j Hi Hj. destruct (Nat.le_ge_cases j i) as [L|L].
      + destruct (Both (i - j)%nat ltac:(lia)) as [B _]. transitivity (if Nat.eqb (i - j) 0 then 1 else 0).
        * rewrite <- B. apply sum_ext. intros k Hk. f_equal. replace i with (i - j + j)%nat at 1 by lia. rewrite pow_add.
          field. apply pow_nonzero. rewrite vec_real. now apply Nz.
        * destruct (Nat.eqb_spec (i - j) 0), (Nat.eqb_spec i j); try lia; reflexivity.
      + destruct (Both (j - i)%nat ltac:(lia)) as [_ B]. transitivity (if Nat.eqb (j - i) 0 then 1 else 0).
        * rewrite <- B. apply sum_ext. intros k Hk. f_equal. replace j with (j - i + i)%nat at 1 by lia. rewrite pow_add, pow_inv.
          field. split; apply pow_nonzero; rewrite vec_real; now apply Nz.
        * destruct (Nat.eqb_spec (j - i) 0), (Nat.eqb_spec i j); try lia; reflexivity.
    - apply decided_equal in E5. transitivity (Q2R (1 # 2)); [|unfold Q2R; simpl; lra]. rewrite <- E5. apply total_real.
      intros k Hk. rewrite !vec_real, Q2R_div, Q2R_plus, Q2R_1 by (now apply Nz). reflexivity. }
  pose proof (lattice_network d N (Q2R m) _ _ HN Hd ltac:(lra) Points) as L. cbv zeta in L.
  assert (Eta : Q2R (/ central N) = / Binomial.C (N - 1) ((N - 1) / 2)) by (rewrite Q2R_inv, central_real by exact Cq; reflexivity).
  rewrite Q2R_mult, Q2R_minus, Q2R_1, Eta in E8.
  intros n Hn. eapply recalls_less; [exact E8|]. specialize (L n Hn).
  unfold listed_diagonal; cbn [fst snd].
  rewrite (listed_first _ Ua _ (fun k => (/ vec (real points) k - vec (real points) k) / (2 * Q2R m)) E4)
    by (intros k Hk; rewrite vec_real; destruct (Nz k Hk) as [[A _] _]; rewrite Q2R_div, Q2R_minus, Q2R_inv, Q2R_mult, Two by assumption;
      reflexivity).
  rewrite (listed_first _ ba _ (fun k => 1 + (/ vec (real points) k + vec (real points) k) / 2) E3)
    by (intros k Hk; rewrite vec_real; destruct (Nz k Hk) as [[A _] _];
      rewrite Q2R_plus, Q2R_div, Q2R_plus, Q2R_inv, Two, Q2R_1 by assumption; reflexivity).
  rewrite (listed_first _ Ub _ (fun k => (1 + vec (real points) k) / (2 * Q2R m)) E2)
    by (intros k Hk; rewrite vec_real, Q2R_div, Q2R_plus, Q2R_mult, Two, Q2R_1 by assumption; reflexivity).
  rewrite (listed_first _ bb _ (fun k => (1 - vec (real points) k) / 2) E1)
    by (intros k Hk; rewrite vec_real, Q2R_div, Q2R_minus, Two, Q2R_1 by assumption; reflexivity).
  rewrite (listed_first _ out _ (fun k => 2 * / Binomial.C (N - 1) ((N - 1) / 2) * Q2R m * vec (real shares) k /
    (1 + vec (real points) k)) E0)
    by (intros k Hk; rewrite !vec_real, Q2R_div, !Q2R_mult, Q2R_plus, Eta, Two, Q2R_1 by (now apply Nz); reflexivity).
  exact L.
Qed.

(** * LRU, S4D, S5: complex poles with one denominator P, so that their powers are whole numbers over P^j *)

Definition listed_lru (re im uh ug out : entries) : lru := {|
  lru_re := vec (real re); lru_im := vec (real im);
  lru_h := {| W := mat []; U := vec (real uh); b := vec [] |};
  lru_g := {| W := mat []; U := vec (real ug); b := vec [] |};
  lru_start := (zero, zero);
  lru_out := {| V := vec (real out); v0 := 0 |} |}.

Fixpoint turned (p q : Z) (j : nat) : Z * Z :=
  match j with O => (1, 0)%Z | S i => let (a, b) := turned p q i in (p * a - q * b, q * a + p * b)%Z end.

Lemma turned_real p q P j : P <> 0 ->
  spun (IZR p / P) (IZR q / P) j = (IZR (fst (turned p q j)) / P ^ j, IZR (snd (turned p q j)) / P ^ j).
Proof.
  intros HP. induction j as [|j IH]; cbn [spun turned pow fst snd]; [f_equal; field|].
  rewrite IH. destruct (turned p q j) as [a c]. cbn [fst snd]. rewrite minus_IZR, plus_IZR, !mult_IZR.
  f_equal; field; split; try assumption; now apply pow_nonzero.
Qed.

(** The numerator of a number over P. *)
Definition over (P : positive) (a : Q) : Z := (Qnum a * (Zpos P / Zpos (Qden a)))%Z.

Lemma over_real a P : Q2R (Qmake a P) = IZR a / IZR (Zpos P).
Proof. reflexivity. Qed.

(** What m units show, step by step: each turns its whole number, so that no power is computed and no fraction reduced. *)
Definition turn (u : Z * Z * (Z * Z)) : Z * Z * (Z * Z) :=
  let '(p, q, (a, b)) := u in (p, q, (p * a - q * b, q * a + p * b))%Z.

Definition shown (l : list (Z * Z * (Z * Z))) : Z := fold_right (fun u rest => fst (snd u) + rest)%Z 0%Z l.

Fixpoint shows (n : nat) (l : list (Z * Z * (Z * Z))) : list Z := match n with O => [] | S i => shown l :: shows i (map turn l) end.

Fixpoint carried (p q : Z) (z : Z * Z) (j : nat) : Z * Z :=
  match j with O => z | S i => carried p q (p * fst z - q * snd z, q * fst z + p * snd z)%Z i end.

Lemma carried_turned p q j : forall u v,
  fst (carried p q (u, v) j) = (fst (turned p q j) * u - snd (turned p q j) * v)%Z.
Proof.
  induction j as [|j IH]; intros u v; cbn [carried turned fst snd]; [ring|]. rewrite IH. destruct (turned p q j) as [a c].
  cbn [fst snd]. ring.
Qed.

Lemma shown_sum (f : nat -> Z * Z * (Z * Z)) m : forall a,
  IZR (shown (map f (seq a m))) = sum m (fun k => IZR (fst (snd (f (a + k)%nat)))).
Proof.
  induction m as [|m IH]; intros a; [reflexivity|]. rewrite sum_head, Nat.add_0_r. cbn [seq map shown fold_right].
  fold (shown (map f (seq (S a) m))). rewrite plus_IZR, IH. f_equal. apply sum_ext. intros k _. do 4 f_equal. lia.
Qed.

Lemma shows_sum p q m n : forall z j, (j < n)%nat ->
  IZR (nth j (shows n (map (fun k => (p k, q k, z k)) (seq 0 m))) 0%Z) = sum m (fun k => IZR (fst (carried (p k) (q k) (z k) j))).
Proof.
  induction n as [|n IH]; intros z j Hj; [lia|]. cbn [shows]. destruct j as [|j]; cbn [nth carried].
  - apply (shown_sum (fun k => (p k, q k, z k))).
  - rewrite map_map. rewrite <- IH by lia. do 3 f_equal. apply map_ext. intros k. cbn [turn]. now destruct (z k).
Qed.

Definition lru_decided (m n : nat) (P D : positive) (wanted : nat -> Q) (re im uh ug out : entries) : bool :=
  let whole l C k := over C (at_unit l k) in
  let found := shows n (map (fun k => (whole re P k, whole im P k, (whole uh D k, whole ug D k))) (seq 0 m)) in
  (lists m re (fun k => Qmake (whole re P k) P) && lists m im (fun k => Qmake (whole im P k) P) &&
   lists m uh (fun k => Qmake (whole uh D k) D) && lists m ug (fun k => Qmake (whole ug D k) D) && lists m out (fun _ => 1%Q) &&
   each n (fun j => Qeq_bool (inject_Z (nth j found 0%Z)) (wanted j * inject_Z (Zpos P ^ Z.of_nat j * Zpos D))))%bool.

Lemma lru_listed d m n P D wanted target re im uh ug out : (forall j, (j < n)%nat -> Q2R (wanted j) = target j) ->
  lru_decided m n P D wanted re im uh ug out = true ->
  exists p q w, lru_output d (listed_lru re im uh ug out) = lru_network d m p q w /\ within 0 n (lru_response m p q w) target.
Proof.
  intros Target E. unfold lru_decided in E. cbv zeta in E.
  repeat match type of E with (_ && _)%bool = true => let E' := fresh "E" in apply andb_prop in E as [E E'] end.
  set (p := fun k => IZR (over P (at_unit re k)) / IZR (Zpos P)). set (q := fun k => IZR (over P (at_unit im k)) / IZR (Zpos P)).
  set (u := fun k => IZR (over D (at_unit uh k)) / IZR (Zpos D)). set (v := fun k => IZR (over D (at_unit ug k)) / IZR (Zpos D)).
  exists p, q, (u, v). split.
  - unfold listed_lru, lru_network, input_gate, first_units; cbn [fst snd].
    rewrite (listed_first m re _ p E), (listed_first m im _ q E4), (listed_first m uh _ u E3), (listed_first m ug _ v E2)
      by (intros k _; now rewrite over_real).
    rewrite (listed_first m out _ ones E1) by (intros; symmetry; apply Q2R_1). reflexivity.
  - assert (HP : IZR (Zpos P) <> 0) by (apply not_0_IZR; discriminate). assert (HD : IZR (Zpos D) <> 0) by (apply not_0_IZR; discriminate).
    intros j Hj. pose proof (each_below _ _ E0 j Hj) as F. cbv beta in F. apply decided_equal in F.
    assert (R : lru_response m p q (u, v) j = target j);
      [|rewrite R, Rminus_diag_eq, Rabs_R0 by reflexivity; lra].
    assert (HPj : IZR (Zpos P) ^ j <> 0) by now apply pow_nonzero.
    apply Rmult_eq_reg_r with (IZR (Zpos P) ^ j * IZR (Zpos D)); [|now apply Rmult_integral_contrapositive].
    rewrite Q2R_mult, Target in F by exact Hj.
    assert (Whole : forall z, Q2R (inject_Z z) = IZR z) by (intros z; unfold inject_Z, Q2R; simpl; field).
    rewrite !Whole, mult_IZR, <- pow_IZR in F. rewrite <- F.
    rewrite (shows_sum (fun k => over P (at_unit re k)) (fun k => over P (at_unit im k)) m n
      (fun k => (over D (at_unit uh k), over D (at_unit ug k)))) by exact Hj.
    rewrite Rmult_comm. unfold lru_response. rewrite <- sum_scale. apply sum_ext. intros k _. cbn [fst snd].
    rewrite carried_turned, minus_IZR, !mult_IZR. unfold p, q, u, v. rewrite (turned_real _ _ _ j HP). destruct (turned _ _ j) as [a c].
    cbn [fst snd]. field. now split.
Qed.

Theorem lru_delay_certified d m n P C re im uh ug out D : (1 <= n <= 2 * m)%nat -> (m <= d)%nat ->
  lru_decided m n P C (wanted_delay n) re im uh ug out = true -> recalls_at 0 D n (lru_output d (listed_lru re im uh ug out)).
Proof.
  intros Hn Hd E. destruct (lru_listed d m n P C _ (delayed n) _ _ _ _ _ ltac:(intros; apply wanted_delay_real) E) as (p & q & w & -> & Near).
  destruct (lru_delays d m n p q Hn Hd) as [Exactly _]. intros x _. now apply Exactly.
Qed.

Definition wanted_half (n j : nat) : Q := (/ inject_Z (2 ^ Z.of_nat (n - 1 - j)))%Q.

Lemma wanted_half_real n j : Q2R (wanted_half n j) = halved n j.
Proof.
  unfold wanted_half, halved. rewrite Q2R_inv.
  - f_equal. rewrite pow_IZR. unfold inject_Z, Q2R; simpl. field.
  - intros F. apply Qeq_eqR in F. unfold inject_Z, Q2R in F; cbn [Qnum Qden] in F. rewrite <- pow_IZR in F.
    pose proof (pow_nonzero 2 (n - 1 - j) ltac:(lra)). lra.
Qed.

Theorem lru_half_certified d m n P C re im uh ug out M tol : (1 <= n <= 2 * m)%nat -> (m <= d)%nat -> 0 <= M ->
  M * (1 - / 2 ^ (n - 1)) <= tol -> lru_decided m n P C (wanted_half n) re im uh ug out = true ->
  recalls_upto tol (box M) n (lru_output d (listed_lru re im uh ug out)).
Proof.
  intros Hn Hd HM Tol E.
  destruct (lru_listed d m n P C _ (halved n) _ _ _ _ _ ltac:(intros; apply wanted_half_real) E) as (p & q & w & -> & Near).
  destruct (lru_halves d m n p q Hn Hd) as [Halves _]. specialize (Halves w 0 M HM Near).
  intros t Ht. apply (recalls_less (M * (1 - / 2 ^ (n - 1)) + INR n * 0 * M)); [lra|]. now apply Halves.
Qed.

(** * minGRU and minLSTM: the poles are irrational; how near the response is, interval arithmetic decides *)

Notation constant_listed l := {| W := mat []; U := vec []; b := vec (real l) |}.

Definition listed_mingru (z gains out : entries) : definitions.diagonal * readout :=
  (mingru (constant_listed z) {| W := mat []; U := vec (real gains); b := vec [] |} zero, {| V := vec (real out); v0 := 0 |}).

Definition listed_minlstm (f z gains out : entries) : definitions.diagonal * readout :=
  (minlstm (constant_listed f) (constant_listed z) {| W := mat []; U := vec (real gains); b := vec [] |} zero,
   {| V := vec (real out); v0 := 0 |}).

Definition min_decided (n : nat) (z gains out : entries) : bool :=
  (lists n z (at_unit z) && lists n gains (fun _ => 1%Q) && lists n out (at_unit out))%bool.

Notation min_near n r z out wanted :=
  (forall j, (j < n)%nat -> Rabs (sum n (fun k => Q2R (at_unit out k) * (sigmoid (Q2R (at_unit z k)) *
    (1 - sigmoid (Q2R (at_unit z k))) ^ j)) - wanted n j) <= r).

Lemma min_within n r z out wanted : min_near n r z out wanted -> within r n (min_response n (vec (real z)) (vec (real out))) (wanted n).
Proof.
  intros Near j Hj. unfold min_response, pole_response. rewrite (sum_ext n _ (fun k => Q2R (at_unit out k) *
    (sigmoid (Q2R (at_unit z k)) * (1 - sigmoid (Q2R (at_unit z k))) ^ j))) by (intros; now rewrite !vec_real). now apply Near.
Qed.

Lemma mingru_listed d n z gains out : min_decided n z gains out = true ->
  exists y, In y (min_networks d n (vec (real z))) /\ output_of d (listed_mingru z gains out) = y (vec (real out)).
Proof.
  intros E. apply andb_prop in E as [E Out]. apply andb_prop in E as [Z Gains]. eexists. split; [left; reflexivity|].
  unfold listed_mingru, constant_gate, input_gate, first_units; cbn [fst snd].
  rewrite (listed_first n gains (fun _ => 1%Q) ones Gains) by (intros; symmetry; apply Q2R_1).
  rewrite <- (listed_first n z _ (vec (real z)) Z), <- (listed_first n out _ (vec (real out)) Out) by (intros; apply vec_real).
  reflexivity.
Qed.

Lemma minlstm_listed d n f z gains out : min_decided n z gains out = true -> lists n f (fun k => (- at_unit z k)%Q) = true ->
  exists y, In y (min_networks d n (vec (real z))) /\ output_of d (listed_minlstm f z gains out) = y (vec (real out)).
Proof.
  intros E F. apply andb_prop in E as [E Out]. apply andb_prop in E as [Z Gains]. eexists. split; [right; left; reflexivity|].
  unfold listed_minlstm, constant_gate, input_gate, first_units; cbn [fst snd].
  rewrite (listed_first n gains (fun _ => 1%Q) ones Gains) by (intros; symmetry; apply Q2R_1).
  rewrite <- (listed_first n z _ (vec (real z)) Z), <- (listed_first n out _ (vec (real out)) Out) by (intros; apply vec_real).
  replace (vec (real f)) with (fun k => - vec (real z) k); [reflexivity|].
  rewrite (listed_first n f _ (fun k => - vec (real z) k) F) by (intros; now rewrite vec_real, Q2R_opp).
  extensionality k. unfold first. destruct (Nat.ltb_spec k n) as [|G]; [reflexivity|].
  assert (Rest : vec (real z) k = 0); [|rewrite Rest; lra].
  rewrite (listed_first n z _ (vec (real z)) Z) by (intros; apply vec_real). unfold first.
  now replace (Nat.ltb k n) with false by (symmetry; now apply Nat.ltb_ge).
Qed.

Section min.
Variables (d n : nat) (r M tol : R) (z out : entries) (y : network).
Hypotheses (Hn : (1 <= n <= d)%nat) (HM : 0 <= M)
  (Network : exists net, In net (min_networks d n (vec (real z))) /\ y = net (vec (real out))).

Lemma min_delay : INR n * r * M <= tol -> min_near n r z out delayed -> recalls_at tol (box M) n y.
Proof.
  intros Tol Near. destruct Network as (net & Y & ->). destruct (min_delays d n (vec (real z)) net Hn Y) as (_ & Recalls & _).
  apply (recalls_less (INR n * r * M)); [exact Tol|]. apply Recalls; [exact HM|]. now apply min_within.
Qed.

Lemma min_half : M * (1 - / 2 ^ (n - 1)) + INR n * r * M <= tol -> min_near n r z out halved -> recalls_upto tol (box M) n y.
Proof.
  intros Tol Near. destruct Network as (net & Y & ->). destruct (min_halves d n (vec (real z)) net Hn Y) as (Recalls & _).
  intros t Ht. apply (recalls_less (M * (1 - / 2 ^ (n - 1)) + INR n * r * M)); [exact Tol|].
  apply Recalls; [exact HM| |exact Ht]. now apply min_within.
Qed.
End min.

(** * The selective SSM: its width is ln 2 at every input, so its poles are 2^-A *)

Definition listed_selective (A gains seen out : entries) : definitions.diagonal * (R -> readout) :=
  (selective {| W := mat []; U := vec []; b := vec [] |} (constant_listed gains) (vec (real A)) zero,
   fun x => {| V := fun k => vec (real out) k * input_map (constant_listed seen) x k; v0 := 0 |}).

Definition selective_decided (n : nat) (A gains seen out : entries) : bool :=
  (lists n A (at_unit A) && lists n gains (fun _ => 1%Q) && lists n seen (fun _ => 1%Q) && lists n out (at_unit out))%bool.

Notation selective_near n r A out wanted :=
  (forall j, (j < n)%nat -> Rabs (sum n (fun k => Q2R (at_unit out k) * (ln 2 * exp (- (Q2R (at_unit A k) * ln 2)) ^ j))
    - wanted n j) <= r).

Lemma selective_within n r A out wanted : selective_near n r A out wanted ->
  within r n (selective_response n (vec (real A)) (vec (real out))) (wanted n).
Proof.
  intros Near j Hj. unfold selective_response, pole_response. rewrite (sum_ext n _ (fun k => Q2R (at_unit out k) *
    (ln 2 * exp (- (Q2R (at_unit A k) * ln 2)) ^ j))) by (intros; now rewrite !vec_real). now apply Near.
Qed.

Lemma selective_listed d n A gains seen out : selective_decided n A gains seen out = true ->
  selective_output d (fst (listed_selective A gains seen out)) (snd (listed_selective A gains seen out)) =
  selective_network d n (vec (real A)) (vec (real out)).
Proof.
  intros E. unfold selective_decided in E.
  repeat match type of E with (_ && _)%bool = true => let E' := fresh "E" in apply andb_prop in E as [E E'] end.
  unfold listed_selective, selective_network, constant_gate, first_units; cbn [fst snd].
  rewrite (listed_first n gains (fun _ => 1%Q) ones E2) by (intros; symmetry; apply Q2R_1).
  rewrite <- (listed_first n A _ (vec (real A)) E) by (intros; apply vec_real). f_equal. extensionality x. f_equal. extensionality k.
  unfold input_map; cbn [U b vec]. rewrite (listed_first n seen (fun _ => 1%Q) ones E1) by (intros; symmetry; apply Q2R_1).
  rewrite (listed_first n out _ (vec (real out)) E0) by (intros; apply vec_real). unfold first, ones.
  destruct (Nat.ltb k n); ring.
Qed.

Section selective.
Variables (d n : nat) (r M tol : R) (A gains seen out : entries).
Hypotheses (Hn : (1 <= n <= d)%nat) (HM : 0 <= M) (Listed : selective_decided n A gains seen out = true).

Notation net := (listed_selective A gains seen out).

Lemma selective_delay : INR n * r * M <= tol -> selective_near n r A out delayed ->
  recalls_at tol (box M) n (selective_output d (fst net) (snd net)).
Proof.
  intros Tol Near. rewrite (selective_listed d n A gains seen out Listed).
  destruct (selective_delays d n (vec (real A)) Hn) as (_ & Recalls & _).
  apply (recalls_less (INR n * r * M)); [exact Tol|]. apply Recalls; [exact HM|]. now apply selective_within.
Qed.

Lemma selective_half : M * (1 - / 2 ^ (n - 1)) + INR n * r * M <= tol -> selective_near n r A out halved ->
  recalls_upto tol (box M) n (selective_output d (fst net) (snd net)).
Proof.
  intros Tol Near. rewrite (selective_listed d n A gains seen out Listed).
  destruct (selective_halves d n (vec (real A)) Hn) as (Recalls & _).
  intros t Ht. apply (recalls_less (M * (1 - / 2 ^ (n - 1)) + INR n * r * M)); [exact Tol|].
  apply Recalls; [exact HM| |exact Ht]. now apply selective_within.
Qed.
End selective.
