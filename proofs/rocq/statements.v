(** The theorems as propositions and the weights they speak of. Read this file and definitions.v; the rest is proof.

    Every network has d units, any d that fits; weights that are not listed are zero and s_0 = 0 unless a theorem
    speaks of all weights. *)

From Coq Require Import Reals List Binomial.
From Recall Require Import definitions.
Import ListNotations.
Open Scope R_scope.

(** v on the first n units, 0 beyond. *)
Definition first (n : nat) (v : vector) : vector := fun k => if Nat.ltb k n then v k else 0.

Definition no_weights : gate := {| W := mat []; U := vec []; b := vec [] |}.

(** * Impossibility: for all weights of all sizes *)

(** T1: no network with a bounded readout recalls on all of R to any tolerance. *)
Definition T1 : Prop := forall d n delta,
  (forall w, ~ recalls_at delta reals n (tanh_output d w)) /\
  (forall w, ~ recalls_at delta reals n (sigmoid_output d w)) /\
  (forall w, ~ recalls_at delta reals n (lstm_output d w)) /\
  (forall after keeps w, ~ recalls_at delta reals n (gru_output after keeps d w)).

(** T2: no such network is exact on a set of inputs with an interior point, so on no box, so on no open set; not even on a
    segment along x_1, however short, with all other inputs fixed. *)
Definition never_exact (d n : nat) (D : domain) : Prop :=
  (forall w, ~ recalls_at 0 D n (tanh_output d w)) /\
  (forall w, ~ recalls_at 0 D n (sigmoid_output d w)) /\
  (forall w, ~ recalls_at 0 D n (lstm_output d w)) /\
  (forall after keeps w, ~ recalls_at 0 D n (gru_output after keeps d w)).

Definition T2 : Prop := forall d n (D : domain),
  (exists c rho, 0 < rho /\ forall x, (forall t, Rabs (x t - c t) <= rho) -> D x) -> never_exact d n D.

Definition along (c : sequence) (s : R) : sequence := fun t => if Nat.eqb t 1 then c 1%nat + s else c t.

Definition T2_segment : Prop := forall d n (D : domain),
  (exists c rho, 0 < rho /\ forall s, Rabs s <= rho -> D (along c s)) -> never_exact d n D.

Definition T2_box : Prop := forall d n M, 0 < M -> never_exact d n (box M).

(** T3: a linear RNN recalls x_1 exactly at n if and only if n <= d, on R as on the box; beyond, no finite error on R. *)
Definition T3 : Prop := forall d n, (1 <= n)%nat ->
  ((exists w, recalls_at 0 reals n (linear_output d w)) <-> (n <= d)%nat) /\
  (forall M, 0 < M -> (exists w, recalls_at 0 (box M) n (linear_output d w)) <-> (n <= d)%nat) /\
  ((d < n)%nat -> forall w delta, ~ recalls_at delta reals n (linear_output d w)).

(** T3b for d = 1: a linear unit that does not expand is no better than guessing from n = 2 on. *)
Definition T3b_one_unit : Prop := forall w n M delta, (2 <= n)%nat -> 0 <= M ->
  Rabs (W (elman_h w) 0%nat 0%nat) <= 1 -> recalls_at delta (box M) n (linear_output 1 w) -> M <= delta.

(** T3b and T3c for d units: a matrix does not expand if its spectral radius is at most 1, that is, no complex eigenvalue
    x + iy, with an eigenvector v + iw, has a modulus above 1. *)
Definition non_expanding (d : nat) (A : matrix) : Prop := forall x y v w,
  (exists k, (k < d)%nat /\ (v k <> 0 \/ w k <> 0)) ->
  (forall k, (k < d)%nat -> dot d (A k) v = x * v k - y * w k /\ dot d (A k) w = x * w k + y * v k) ->
  x ^ 2 + y ^ 2 <= 1.

(** T3b: no memory without explosion. *)
Definition T3b : Prop := forall d w n M delta, (d < n)%nat -> 0 <= M -> non_expanding d (W (elman_h w)) ->
  recalls_at delta (box M) n (linear_output d w) -> M / C d (d / 2) <= delta.

(** T3c: from 2^d steps on, and from N + 1 steps on where 2^(N-d+1) > (2^d C(N,d))^d, such memory is no better than
    guessing. *)
Definition T3c : Prop := forall d w n M delta,
  (2 ^ d <= n)%nat \/ (exists N, (d <= N < n)%nat /\ (2 ^ d * C N d) ^ d < 2 ^ (N - d + 1)) ->
  0 <= M -> non_expanding d (W (elman_h w)) -> recalls_at delta (box M) n (linear_output d w) -> M <= delta.

(** T4: up to N, every linear RNN has error at least M (1 - 2^-(N-1)), and one unit attains it; on R no error is finite. *)
Definition T4 : Prop := forall d N M, (1 <= N)%nat -> 0 < M ->
  (forall w delta, recalls_upto delta (box M) N (linear_output d w) -> M * (1 - / 2 ^ (N - 1)) <= delta) /\
  ((1 <= d)%nat -> exists w, recalls_upto (M * (1 - / 2 ^ (N - 1))) (box M) N (linear_output d w)) /\
  ((2 <= N)%nat -> forall w delta, ~ recalls_upto delta reals N (linear_output d w)).

(** LRU, S4D and S5 of d complex units are linear RNNs of 2d units, so that T3 and T4 speak of them. *)
Definition T4_lru : Prop := forall d w,
  (exists w', forall x n, lru_output d w x n = linear_output (d + d) w' x n) /\
  forall N M delta, (1 <= N)%nat -> 0 < M -> recalls_upto delta (box M) N (lru_output d w) -> M * (1 - / 2 ^ (N - 1)) <= delta.

(** T5: up to N, one diagonal layer with any input-dependent gates has error at least M (1 - 1/C(N-1, i)) for every i;
    with a readout that sees the last input, N - 1 takes the place of N. *)
Definition T5 : Prop := forall d N i w M delta, (i <= N - 1)%nat -> (1 <= N)%nat -> 0 < M ->
  (forall out, recalls_upto delta (box M) N (diagonal_output d w out) -> M * (1 - / C (N - 1) i) <= delta).

Definition T5_selective : Prop := forall d N i w M delta, (i <= N - 2)%nat -> (2 <= N)%nat -> 0 < M ->
  (forall out, recalls_upto delta (box M) N (selective_output d w out) -> M * (1 - / C (N - 2) i) <= delta).

(** T5b: a linear state of d reals whose transitions depend on the input and commute. From n = d + 2 on no weights are exact
    where every input may be c or c'; if the transition of c does not expand, they miss by at least |c' - c| / 2^(d+1). *)
Definition gated_step (d : nat) (A : R -> matrix) (B : R -> vector) (h : vector) (x : R) : vector :=
  fun k => dot d (A x k) h + B x k.

Definition gated_output (d : nat) (A : R -> matrix) (B : R -> vector) (start : vector) (out : readout) : network :=
  fun x n => read d out (run (gated_step d A B) start x n).

Definition commuting (d : nat) (A A' : matrix) : Prop := forall h k, (k < d)%nat ->
  dot d (A k) (fun i => dot d (A' i) h) = dot d (A' k) (fun i => dot d (A i) h).

Definition allows (D : domain) (c c' : R) : Prop := forall x, (forall t, x t = c \/ x t = c') -> D x.

Definition T5b : Prop := forall d n A B start out (D : domain) c c', (d + 2 <= n)%nat -> commuting d (A c) (A c') ->
  allows D c c' -> c <> c' ->
  ~ recalls_at 0 D n (gated_output d A B start out) /\
  (non_expanding d (A c) -> forall delta, recalls_at delta D n (gated_output d A B start out) ->
    Rabs (c' - c) / 2 ^ (d + 1) <= delta).

(** One diagonal layer with any gates: they expand nothing at x if all |a_k(x)| <= 1; with a readout that sees the last input,
    from n = d + 3 on. *)
Definition T5b_diagonal : Prop := forall d n w out (D : domain) c c', (d + 2 <= n)%nat -> allows D c c' -> c <> c' ->
  ~ recalls_at 0 D n (diagonal_output d w out) /\
  ((forall k, (k < d)%nat -> Rabs (diagonal_a w c k) <= 1) -> forall delta, recalls_at delta D n (diagonal_output d w out) ->
    Rabs (c' - c) / 2 ^ (d + 1) <= delta).

Definition T5b_selective : Prop := forall d n w out (D : domain) c c', (d + 3 <= n)%nat -> allows D c c' -> c <> c' ->
  ~ recalls_at 0 D n (selective_output d w out) /\
  ((forall k, (k < d)%nat -> Rabs (diagonal_a w c k) <= 1) -> forall delta, recalls_at delta D n (selective_output d w out) ->
    Rabs (c' - c) / 2 ^ (d + 1) <= delta).

(** On the box: gates within [-1, 1] at M or at -M cost M/2^d. *)
Definition T5b_box : Prop := forall d n w out M s delta, (d + 2 <= n)%nat -> 0 < M -> s = M \/ s = - M ->
  (forall k, (k < d)%nat -> Rabs (diagonal_a w s k) <= 1) ->
  recalls_at delta (box M) n (diagonal_output d w out) -> M / 2 ^ d <= delta.

(** T6, up to N >= 2: no ReLU RNN has a finite error on R at n = 1 and n = 2. *)
Definition T6_upto : Prop := forall d w N delta, (2 <= N)%nat -> ~ recalls_upto delta reals N (relu_output d w).

(** T6 at one n, for one unit: no finite error on R. *)
Definition T6_one_unit : Prop := forall w n delta, (1 <= n)%nat -> ~ recalls_at delta reals n (relu_output 1 w).

(** T8: read n numbers of [-M, M], then blanks, and output x_1 ... x_n at times n ... 2n - 1. *)
Definition blanked (n : nat) (x : sequence) : sequence := fun t => if Nat.leb t n then x t else 0.

Definition copies (delta M : R) (n : nat) (y : network) : Prop :=
  forall x j, box M x -> (1 <= j <= n)%nat -> Rabs (y (blanked n x) (n + j - 1)%nat - x j) <= delta.

(** More numbers than units: a linear RNN is no better than guessing. *)
Definition T8_linear : Prop := forall d w n M delta, (d < n)%nat -> 0 <= M -> copies delta M n (linear_output d w) -> M <= delta.

(** Two or more numbers and a state of one real: no continuous cell, with any readout, is better than guessing. *)
Definition continuous_step (step : R -> R -> R) : Prop := forall s x e, 0 < e -> exists r, 0 < r /\
  forall s' x', Rabs (s' - s) < r -> Rabs (x' - x) < r -> Rabs (step s' x' - step s x) < e.

Definition T8_one_real : Prop := forall step s0 (out : R -> R) n M delta, continuous_step step -> (2 <= n)%nat -> 0 <= M ->
  copies delta M n (fun x t => out (run step s0 x t)) -> M <= delta.

Definition T8_one_unit : Prop := forall n M delta, (2 <= n)%nat -> 0 <= M ->
  (forall w, copies delta M n (relu_output 1 w) -> M <= delta) /\
  (forall w, copies delta M n (tanh_output 1 w) -> M <= delta) /\
  (forall w, copies delta M n (sigmoid_output 1 w) -> M <= delta) /\
  (forall after keeps w, copies delta M n (gru_output after keeps 1 w) -> M <= delta).

(** * Constructions *)

(** C1: shift register of n units; exact at n. *)
Definition C1_weights (n : nat) : elman := {|
  elman_h := {|
    W := fun k j => if (Nat.eqb k (S j) && Nat.ltb k n)%bool then 1 else 0;
    U := vec [0 |-> 1];
    b := vec [] |};
  elman_start := zero;
  elman_out := {| V := vec [(n - 1) |-> 1]; v0 := 0 |} |}.

Definition C1 : Prop := forall d n, (1 <= n <= d)%nat -> recalls_at 0 reals n (linear_output d (C1_weights n)).

(** C2: exploding scalar; the error at n is exactly M (1 - lambda^-(n-1)) / (lambda - 1). *)
Definition C2_weights (lambda : R) (n : nat) : elman := {|
  elman_h := {| W := mat [0 & 0 |-> lambda]; U := vec [0 |-> 1]; b := vec [] |};
  elman_start := zero;
  elman_out := {| V := vec [0 |-> / lambda ^ (n - 1)]; v0 := 0 |} |}.

Definition C2 : Prop := forall d n lambda M, (1 <= d)%nat -> (1 <= n)%nat -> 1 < lambda -> 0 <= M ->
  error_is (M * (1 - / lambda ^ (n - 1)) / (lambda - 1)) (box M) n (linear_output d (C2_weights lambda n)).

(** C2-doubling and C15: a linear unit and a diagonal layer's unit that double; the same error at every n <= N. *)
Definition doubling_readout (N : nat) : readout := {| V := vec [0 |-> / 2 ^ (N - 1)]; v0 := 0 |}.

Definition C2_doubling_weights (N : nat) : elman := {|
  elman_h := {| W := mat [0 & 0 |-> 2]; U := vec [0 |-> 1]; b := vec [] |};
  elman_start := zero;
  elman_out := doubling_readout N |}.

Definition C2_doubling : Prop := forall d N n M, (1 <= d)%nat -> (1 <= n <= N)%nat -> 0 <= M ->
  error_is (M * (1 - / 2 ^ (N - 1))) (box M) n (linear_output d (C2_doubling_weights N)).

Definition C15_weights : diagonal := affine_diagonal
  {| W := mat []; U := vec []; b := vec [0 |-> 2] |} {| W := mat []; U := vec [0 |-> 1]; b := vec [] |} zero.

Definition C15 : Prop := forall d N n M, (1 <= d)%nat -> (1 <= n <= N)%nat -> 0 <= M ->
  error_is (M * (1 - / 2 ^ (N - 1))) (box M) n (diagonal_output d C15_weights (doubling_readout N)).

(** C3: ReLU, exact on the box, for ever. *)
Definition C3_weights (M : R) : elman := {|
  elman_h := {|
    W := mat [1 & 0 |-> -2 * M; 2 & 1 |-> 1; 2 & 2 |-> 1];
    U := vec [1 |-> 1];
    b := vec [0 |-> 1; 1 |-> M] |};
  elman_start := zero;
  elman_out := {| V := vec [1 |-> 1; 2 |-> 1]; v0 := - M |} |}.

Definition C3 : Prop := forall d M, (3 <= d)%nat -> 0 < M ->
  recalls_forever 0 (box M) (relu_output d (C3_weights M)).

(** C4a: a shift register of tanh or sigmoid units, at one n <= d. *)
Definition kept (n : nat) (z : R) : R := / sqrt (1 + INR n * z ^ 2 * (2 / 3 + z ^ 2 / 15)).

Definition C4a_weights (n : nat) (eps : R) : elman := {|
  elman_h := {|
    W := fun k j => if (Nat.eqb k (S j) && Nat.ltb k n)%bool then 1 else 0;
    U := vec [0 |-> eps];
    b := vec [] |};
  elman_start := zero;
  elman_out := {| V := vec [(n - 1) |-> / eps]; v0 := 0 |} |}.

Definition C4a : Prop := forall d n eps M, (1 <= n <= d)%nat -> 0 < eps -> 0 < M ->
  recalls_at (M * (1 - kept n (eps * M))) (box M) n (tanh_output d (C4a_weights n eps)).

Definition C4a_sigmoid_weights (n : nat) (eps : R) : elman := {|
  elman_h := {|
    W := fun k j => if (Nat.eqb k (S j) && Nat.ltb k n)%bool then 4 else 0;
    U := vec [0 |-> 2 * eps];
    b := fun k => if (Nat.ltb 0 k && Nat.ltb k n)%bool then -2 else 0 |};
  elman_start := zero;
  elman_out := {| V := vec [(n - 1) |-> 2 / eps]; v0 := - / eps |} |}.

Definition C4a_sigmoid : Prop := forall d n eps M, (1 <= n <= d)%nat -> 0 < eps -> 0 < M ->
  recalls_at (M * (1 - kept n (eps * M))) (box M) n (sigmoid_output d (C4a_sigmoid_weights n eps)).

(** C4b: one exploding tanh unit, at one n of any length. *)
Definition C4b_weights (lambda eps : R) (n : nat) : elman := {|
  elman_h := {| W := mat [0 & 0 |-> lambda]; U := vec [0 |-> eps]; b := vec [] |};
  elman_start := zero;
  elman_out := {| V := vec [0 |-> / (eps * lambda ^ (n - 1))]; v0 := 0 |} |}.

Definition C4b_bound (n : nat) (M lambda eps : R) : R :=
  let mu := lambda - 1 in
  M * (1 - / lambda ^ (n - 1)) / mu + eps ^ 2 * M ^ 3 * lambda ^ 3 * (lambda ^ (2 * n) - 1) / (3 * mu ^ 4 * (lambda + 1)).

Definition C4b : Prop := forall d n lambda eps M, (1 <= d)%nat -> (1 <= n)%nat -> 1 < lambda -> 0 < eps -> 0 < M ->
  recalls_at (C4b_bound n M lambda eps) (box M) n (tanh_output d (C4b_weights lambda eps n)).

(** For every n, M and tolerance such weights exist. *)
Definition C4b_any : Prop := forall d n M delta, (1 <= d)%nat -> (1 <= n)%nat -> 0 < M -> 0 < delta ->
  exists lambda eps, recalls_at delta (box M) n (tanh_output d (C4b_weights lambda eps n)).

(** C5: the tanh RNN, up to N, four units: flag, gate, pair, memory. *)
Definition C5_weights (B eps : R) : elman := {|
  elman_h := {|
    W := mat [1 & 0 |-> B; 2 & 0 |-> B; 3 & 1 |-> 1; 3 & 2 |-> -1; 3 & 3 |-> 1];
    U := vec [1 |-> eps];
    b := vec [0 |-> B] |};
  elman_start := zero;
  elman_out := {| V := vec [1 |-> / eps; 2 |-> - / eps; 3 |-> / eps]; v0 := 0 |} |}.

Definition C5_bound (N : nat) (M eps B : R) : R :=
  let a := B * tanh B in
  let edge := tanh a - tanh (a - eps * M) in
  M * (1 - kept N (eps * M)) + INR (N - 1) * edge / eps.

Definition C5 : Prop := forall d N eps B M, (4 <= d)%nat -> 0 < eps -> 0 < B -> 0 < M ->
  recalls_upto (C5_bound N M eps B) (box M) N (tanh_output d (C5_weights B eps)).

(** For every N, M and tolerance such weights exist. *)
Definition C5_any : Prop := forall d N M delta, (4 <= d)%nat -> 0 < M -> 0 < delta ->
  exists B eps, recalls_upto delta (box M) N (tanh_output d (C5_weights B eps)).

(** The sigmoid RNN: C5 in u = 2h - 1. *)
Definition C5_sigmoid_weights (B eps : R) : elman := {|
  elman_h := {|
    W := mat [1 & 0 |-> 4 * B; 2 & 0 |-> 4 * B; 3 & 0 |-> -2; 3 & 1 |-> 4; 3 & 2 |-> -4; 3 & 3 |-> 4];
    U := vec [1 |-> 2 * eps];
    b := vec [0 |-> 2 * B] |};
  elman_start := zero;
  elman_out := {| V := vec [1 |-> 2 / eps; 2 |-> - (2 / eps); 3 |-> 2 / eps]; v0 := - / eps |} |}.

Definition C5_sigmoid_bound (N : nat) (M eps B : R) : R :=
  let a := B * (1 + tanh B) in
  let edge := tanh a - tanh (a - eps * M) in
  let q := sigmoid (- (2 * B)) in
  M * (1 - kept N (eps * M)) + INR (N - 1) * (edge + q) / eps.

Definition C5_sigmoid : Prop := forall d N eps B M, (4 <= d)%nat -> 0 < eps -> 0 < B -> 0 < M ->
  recalls_upto (C5_sigmoid_bound N M eps B) (box M) N (sigmoid_output d (C5_sigmoid_weights B eps)).

Definition C5_sigmoid_any : Prop := forall d N M delta, (4 <= d)%nat -> 0 < M -> 0 < delta ->
  exists B eps, recalls_upto delta (box M) N (sigmoid_output d (C5_sigmoid_weights B eps)).

(** C6: the LSTM, up to N, two units: flag and memory. *)
Definition C6_weights (K L eps : R) : lstm := {|
  lstm_f := {| W := mat []; U := vec []; b := vec [0 |-> - K; 1 |-> K] |};
  lstm_i := {| W := mat [1 & 0 |-> - L]; U := vec []; b := vec [0 |-> K; 1 |-> K] |};
  lstm_o := {| W := mat []; U := vec []; b := vec [0 |-> K; 1 |-> K] |};
  lstm_g := {| W := mat []; U := vec [1 |-> eps]; b := vec [0 |-> K] |};
  lstm_start := (zero, zero);
  lstm_out := {| V := vec [1 |-> / eps]; v0 := 0 |} |}.

Definition C6_eta (K L : R) : R := sigmoid (K - L * sigmoid K * tanh (sigmoid K * tanh K)).

Definition C6_bound (N : nat) (M K L eps : R) : R :=
  let phi := sigmoid K in
  M - phi / eps * (phi ^ N - INR (N - 1) * C6_eta K L) * tanh (tanh (eps * M)).

Definition C6 : Prop := forall d N K L eps M, (2 <= d)%nat -> 0 < K -> 0 < L -> 0 < eps -> 0 < M ->
  INR (N - 1) * C6_eta K L <= sigmoid K ^ N ->
  recalls_upto (C6_bound N M K L eps) (box M) N (lstm_output d (C6_weights K L eps)).

(** For every N, M and tolerance such weights exist. *)
Definition C6_any : Prop := forall d N M delta, (2 <= d)%nat -> 0 < M -> 0 < delta ->
  exists K L eps, recalls_upto delta (box M) N (lstm_output d (C6_weights K L eps)).

(** C7: the GRU in all four conventions, up to N, two units. *)
Definition C7_weights (keeps : bool) (K L eps : R) : gru :=
  let s := if keeps then -1 else 1 in {|
  gru_z := {| W := mat [1 & 0 |-> - s * L]; U := vec []; b := vec [0 |-> s * L; 1 |-> s * K] |};
  gru_r := no_weights;
  gru_n := {| W := mat []; U := vec [1 |-> eps]; b := vec [0 |-> L] |};
  gru_c := zero;
  gru_start := zero;
  gru_out := {| V := vec [1 |-> / eps]; v0 := 0 |} |}.

Definition C7_bound (N : nat) (M K L eps : R) : R :=
  let phi := sigmoid K in
  let kappa := sigmoid (L * sigmoid L * tanh L - K) in
  M - / eps * tanh (eps * M) * ((1 + phi) * kappa ^ (N - 1) - 1).

Definition C7 : Prop := forall after keeps d N K L eps M,
  (2 <= d)%nat -> 0 < K -> 0 < L -> 0 < eps -> 0 < M ->
  recalls_upto (C7_bound N M K L eps) (box M) N (gru_output after keeps d (C7_weights keeps K L eps)).

Definition C7_any : Prop := forall after keeps d N M delta, (2 <= d)%nat -> 0 < M -> 0 < delta ->
  exists K L eps, recalls_upto delta (box M) N (gru_output after keeps d (C7_weights keeps K L eps)).

(** C8: the thermometer latch, for ever: m bistable units with staggered thresholds hold one of m + 1 levels. A unit
    whose argument was u shows at least show(u) of a step, and its feedback is worth at least Gamma keep(u). *)
Definition C8_threshold (m : nat) (M : R) (k : nat) : R := - M + (2 * INR k + 1) * (M / INR m).

Definition C8_gate (m : nat) (M kappa Gamma gain : R) : gate := {|
  W := fun k j => if (Nat.eqb k j && Nat.ltb k m)%bool then gain ^ 2 * Gamma else 0;
  U := fun k => if Nat.ltb k m then gain * kappa else 0;
  b := fun k => if Nat.ltb k m then - gain * kappa * C8_threshold m M k else 0 |}.

Definition C8_bias (m : nat) (c : R) : gate := {|
  W := mat []; U := vec []; b := fun k => if Nat.ltb k m then c else 0 |}.

Definition C8_readout (m : nat) (worth offset : R) : readout := {|
  V := fun k => if Nat.ltb k m then worth / INR m else 0; v0 := offset |}.

Definition C8_conditions (m : nat) (M kappa Gamma T w : R) (keep show : R -> R) : Prop :=
  let s := M / INR m in
  0 < M /\ 0 < kappa /\ 0 < w /\ kappa * s <= T /\
  kappa * (2 * M - s) + T <= Gamma * keep (kappa * s) /\
  kappa * (2 * M - s + w) <= Gamma * keep (kappa * w) /\
  s * ((1 - show (kappa * s)) + (INR m - 1) * (1 - show (3 * kappa * s))) <= w + (M - s) * (1 - show T).

Definition C8_bound (m : nat) (M T w : R) (show : R -> R) : R :=
  let s := M / INR m in s + w + (M - s) * (1 - show T).

(** On a grid of m + 1 points, each of them M/m or more away from every threshold. *)
Definition C8_grid_bound (m : nat) (M kappa : R) (show : R -> R) : R :=
  let s := M / INR m in s * ((1 - show (kappa * s)) + (INR m - 1) * (1 - show (3 * kappa * s))).

Definition C8_grid_conditions (m : nat) (M kappa Gamma T : R) (keep show : R -> R) : Prop :=
  let s := M / INR m in
  0 < M /\ 0 < kappa /\ kappa * s <= T /\
  kappa * (2 * M - s) + T <= Gamma * keep (kappa * s) /\
  M * (1 - show T) <= C8_grid_bound m M kappa show.

Definition C8_weights (m : nat) (M kappa Gamma : R) : elman := {|
  elman_h := C8_gate m M kappa Gamma 1; elman_start := zero; elman_out := C8_readout m M 0 |}.

Definition C8 : Prop := forall d m M kappa Gamma T w, (1 <= m <= d)%nat -> 0 < Gamma ->
  C8_conditions m M kappa Gamma T w tanh tanh ->
  recalls_forever (C8_bound m M T w tanh) (box M) (tanh_output d (C8_weights m M kappa Gamma)).

Definition C8_grid : Prop := forall d m M kappa Gamma T, (1 <= m <= d)%nat -> 0 < Gamma ->
  C8_grid_conditions m M kappa Gamma T tanh tanh ->
  recalls_forever (C8_grid_bound m M kappa tanh) (grid (S m) M) (tanh_output d (C8_weights m M kappa Gamma)).

(** For every number of units and every tolerance above M/m such weights exist. *)
Definition C8_any : Prop := forall d m M delta, (1 <= m <= d)%nat -> 0 < M -> M / INR m < delta ->
  exists kappa Gamma, recalls_forever delta (box M) (tanh_output d (C8_weights m M kappa Gamma)).

(** The sigmoid RNN, in u = 2h - 1: unit m is a flag that takes the feedback off at step 1 and leaves q of it later. *)
Definition C8_sigmoid_weights (m : nat) (M kappa Gamma B : R) : elman := {|
  elman_h := {|
    W := fun k j => if (Nat.eqb j m && Nat.ltb k m)%bool then -2 * Gamma else W (C8_gate m M kappa Gamma 2) k j;
    U := U (C8_gate m M kappa Gamma 2);
    b := fun k => if Nat.eqb k m then 2 * B else b (C8_gate m M kappa Gamma 2) k |};
  elman_start := zero;
  elman_out := C8_readout m (2 * M) (- M) |}.

Definition C8_sigmoid : Prop := forall d m M kappa Gamma T w B, (1 <= m < d)%nat -> 0 < Gamma -> 0 < B ->
  C8_conditions m M kappa Gamma T w (fun u => tanh u - sigmoid (- (2 * B))) tanh ->
  recalls_forever (C8_bound m M T w tanh) (box M) (sigmoid_output d (C8_sigmoid_weights m M kappa Gamma B)).

Definition C8_sigmoid_grid : Prop := forall d m M kappa Gamma T B, (1 <= m < d)%nat -> 0 < Gamma -> 0 < B ->
  C8_grid_conditions m M kappa Gamma T (fun u => tanh u - sigmoid (- (2 * B))) tanh ->
  recalls_forever (C8_grid_bound m M kappa tanh) (grid (S m) M) (sigmoid_output d (C8_sigmoid_weights m M kappa Gamma B)).

(** The GRU in all four conventions. *)
Definition C8_gru_weights (keeps : bool) (m : nat) (M kappa Gamma K : R) : gru := {|
  gru_z := C8_bias m (if keeps then - K else K);
  gru_r := C8_bias m K;
  gru_n := C8_gate m M kappa Gamma 1;
  gru_c := zero;
  gru_start := zero;
  gru_out := C8_readout m M 0 |}.

Definition C8_gru : Prop := forall after keeps d m M kappa Gamma T w K, (1 <= m <= d)%nat -> 0 < Gamma -> 0 < K ->
  let phi := sigmoid K in let show u := phi * tanh u in
  C8_conditions m M kappa Gamma T w (fun u => phi * show u) show ->
  recalls_forever (C8_bound m M T w show) (box M) (gru_output after keeps d (C8_gru_weights keeps m M kappa Gamma K)).

Definition C8_gru_grid : Prop := forall after keeps d m M kappa Gamma T K, (1 <= m <= d)%nat -> 0 < Gamma -> 0 < K ->
  let phi := sigmoid K in let show u := phi * tanh u in
  C8_grid_conditions m M kappa Gamma T (fun u => phi * show u) show ->
  recalls_forever (C8_grid_bound m M kappa show) (grid (S m) M)
    (gru_output after keeps d (C8_gru_weights keeps m M kappa Gamma K)).

(** The LSTM: a unit is worth rho M/m. *)
Definition C8_lstm_weights (m : nat) (M kappa Gamma K rho : R) : lstm := {|
  lstm_f := C8_bias m (- K);
  lstm_i := C8_bias m K;
  lstm_o := C8_bias m K;
  lstm_g := C8_gate m M kappa Gamma 1;
  lstm_start := (zero, zero);
  lstm_out := C8_readout m (rho * M) 0 |}.

Definition C8_lstm : Prop := forall d m M kappa Gamma T w K rho, (1 <= m <= d)%nat -> 0 < Gamma -> 0 < K -> 0 < rho ->
  rho * sigmoid K * tanh 1 <= 1 ->
  let phi := sigmoid K in let held u := phi * tanh (phi * tanh u) in
  C8_conditions m M kappa Gamma T w held (fun u => rho * held u) ->
  recalls_forever (C8_bound m M T w (fun u => rho * held u)) (box M) (lstm_output d (C8_lstm_weights m M kappa Gamma K rho)).

Definition C8_lstm_grid : Prop := forall d m M kappa Gamma T K rho, (1 <= m <= d)%nat -> 0 < Gamma -> 0 < K -> 0 < rho ->
  rho * sigmoid K * tanh 1 <= 1 ->
  let phi := sigmoid K in let held u := phi * tanh (phi * tanh u) in
  C8_grid_conditions m M kappa Gamma T held (fun u => rho * held u) ->
  recalls_forever (C8_grid_bound m M kappa (fun u => rho * held u)) (grid (S m) M)
    (lstm_output d (C8_lstm_weights m M kappa Gamma K rho)).

(** C9: the refreshed memory, for ever: units capture, hold, accumulate and clock. The clock halves itself at every step and
    is reloaded once in B + 2 steps; meanwhile B bits, one per step, re-quantise the held value to levels w apart. *)
Definition C9_weights (M gamma w G : R) : lstm := {|
  lstm_f := {|
    W := mat [0 & 3 |-> G; 1 & 3 |-> G; 2 & 3 |-> - G];
    U := vec [];
    b := vec [0 |-> - (3 / 4) * G * w; 1 |-> - (3 / 4) * G * w; 2 |-> 3 / 8 * G * gamma] |};
  lstm_i := {|
    W := mat [0 & 3 |-> - G; 1 & 3 |-> - G; 2 & 0 |-> G; 2 & 1 |-> G; 2 & 2 |-> - G; 2 & 3 |-> - G; 3 & 3 |-> - G];
    U := vec [];
    b := vec [0 |-> G * w / 4; 1 |-> 3 / 4 * G * w; 3 |-> 3 / 4 * G * w] |};
  lstm_o := no_weights;
  lstm_g := {|
    W := mat [1 & 2 |-> 2; 1 & 3 |-> 2; 2 & 3 |-> 2; 3 & 3 |-> -1];
    U := vec [0 |-> gamma / (8 * M)];
    b := vec [0 |-> 3 / 16 * gamma + w; 3 |-> gamma] |};
  lstm_start := (zero, zero);
  lstm_out := {| V := vec [0 |-> 16 * M / gamma; 1 |-> 16 * M / gamma]; v0 := - (3 / 2 * M) - 8 * M * w / gamma |} |}.

(** Numbers of the proof: the clock is in [C, C + D] after a load, gates are shut up to s, a comparator z off its threshold is
    decided up to t, the cell of the sum is at most Q. A level is [C9_unit], the clock before a load at most [C9_low]; a cycle
    leaves a decided value within [C9_off] of the middle of its level; no value ever moves by more than [C9_moved]. *)
Definition C9_unit (B : nat) (C : R) : R := C / 2 ^ (B + 1).

Definition C9_low (B : nat) (C D s : R) : R := (C + D) / 2 ^ (B + 1) + 2 * s.

Definition C9_off (B : nat) (C D s t Q : R) : R :=
  Q ^ 3 / 6 + C ^ 3 / 168 + C9_unit B C ^ 3 / 6 + (Q + C9_low B C D s) ^ 3 / 3 + t * ((C + D) / 4 + INR B * s) +
  2 * D + (INR B + 1) * s * (Q + 10).

Definition C9_moved (B : nat) (C D s t z Q : R) : R := C9_unit B C / 2 + 2 * z + 3 * C9_off B C D s t Q + 2 * (INR B + 1) * s.

Definition C9_captured (gamma w s : R) : R := (5 / 16 * gamma + w) ^ 3 / 3 + s / 2.

Definition C9_highest (B : nat) (gamma w C D s t z Q : R) : R := (5 / 16 * gamma + w) / 2 + C9_moved B C D s t z Q + C9_off B C D
  s t Q.

Definition C9_conditions (B : nat) (gamma w G C D s t z Q : R) : Prop :=
  let u := C9_unit B C in let low := C9_low B C D s in let off := C9_off B C D s t Q in
  let highest := C9_highest B gamma w C D s t z Q in
  (* signs *)
  (1 <= B)%nat /\ 0 < gamma /\ 0 < w /\ 0 < G /\ 0 < C /\ 0 <= D /\ 0 <= s <= 1 /\ 0 <= t /\ 0 < z /\ 0 <= Q /\
  (* the clock comes back *)
  C <= tanh gamma - s * gamma /\ tanh gamma + low ^ 3 / 6 + low * gamma ^ 2 / 2 <= C + D /\ (C + D) / 2 + s <= gamma /\
  (* gates are decided *)
  sigmoid (G * (3 / 4 * w - tanh (2 * u) / 2)) <= s /\ sigmoid (G * (low / 2 - 3 / 4 * w)) <= s /\
  sigmoid (G * (w / 4 - tanh u / 2)) <= s /\ sigmoid (- (G * w / 4)) <= s /\
  sigmoid (G * ((C + D) / 4 + s - 3 / 8 * gamma)) <= s /\ sigmoid (G * (3 / 8 * gamma - tanh C / 2)) <= s /\
  sigmoid (G * (highest - tanh C / 2)) <= s /\ sigmoid (G * (highest - (C / 4 - C ^ 3 / 24))) <= s /\
  (* comparators are narrow *)
  sigmoid (- (G * z)) <= t /\ 4 * z <= tanh (tanh (2 * u)) /\
  (* the bits express every value, and the sum keeps below its limit *)
  C9_captured gamma w s + C9_moved B C D s t z Q <= (gamma / 16 + w) / 2 /\ highest <= C / 4 /\
  2 * (highest + off) <= Q /\
  (* levels and borders return *)
  2 * z + 3 * off <= u / 2.

Definition C9_bound (B : nat) (M gamma w C D s t z Q : R) : R :=
  16 * M / gamma * (C9_moved B C D s t z Q + C9_captured gamma w s).

Definition C9 : Prop := forall d B M gamma w G C D s t z Q, (4 <= d)%nat -> 0 < M ->
  C9_conditions B gamma w G C D s t z Q ->
  recalls_forever (C9_bound B M gamma w C D s t z Q) (box M) (lstm_output d (C9_weights M gamma w G)).

(** C10: delay lines of n units copy n numbers: exactly with linear and ReLU units, with C4a's error with tanh units. *)
Definition C10_weights (n : nat) (eps bias : R) : elman := {|
  elman_h := {|
    W := fun k j => if (Nat.eqb j (S k) && Nat.ltb j n)%bool then 1 else 0;
    U := vec [(n - 1) |-> eps];
    b := vec [(n - 1) |-> bias] |};
  elman_start := zero;
  elman_out := {| V := vec [0 |-> / eps]; v0 := - bias / eps |} |}.

Definition C10 : Prop := forall d n M, (1 <= n <= d)%nat -> 0 < M ->
  copies 0 M n (linear_output d (C10_weights n 1 0)) /\
  copies 0 M n (relu_output d (C10_weights n 1 M)) /\
  forall eps, 0 < eps -> copies (M * (1 - kept n (eps * M))) M n (tanh_output d (C10_weights n eps 0)).

(** The GRU in all four conventions: the tanh line behind open update gates and reset gates of 1/2. *)
Definition C10_gru_weights (keeps : bool) (n : nat) (eps K : R) : gru := {|
  gru_z := C8_bias n (if keeps then - K else K);
  gru_r := no_weights;
  gru_n := {|
    W := fun k j => if (Nat.eqb j (S k) && Nat.ltb j n)%bool then 2 else 0; U := vec [(n - 1) |-> eps]; b := vec [] |};
  gru_c := zero;
  gru_start := zero;
  gru_out := {| V := vec [0 |-> / eps]; v0 := 0 |} |}.

Definition C10_gru : Prop := forall after keeps d n eps K M, (1 <= n <= d)%nat -> 0 < eps -> 0 < M ->
  copies (M * (1 - kept n (eps * M)) + 2 * M * (1 - sigmoid K ^ n)) M n
    (gru_output after keeps d (C10_gru_weights keeps n eps K)).

(** For all n <= d, M and tolerances such weights exist. *)
Definition C10_gru_any : Prop := forall after keeps d n M delta, (1 <= n <= d)%nat -> 0 < M -> 0 < delta ->
  exists eps K, copies delta M n (gru_output after keeps d (C10_gru_weights keeps n eps K)).

(** The LSTM: two slots per unit, c and h, around the operating point c = 1/2, h = tanh(1/2)/2; m = ⌈n/2⌉ units. *)
Definition C10_lstm_weights (n : nat) (eps : R) : lstm :=
  let m := Nat.div2 (S n) in
  let shown := tanh (1 / 2) in
  let p := 32 / (3 * (1 - shown ^ 2)) in
  let r := 8 / shown in
  let row own next := fun k j =>
    (if (Nat.eqb j (S k) && Nat.ltb j m)%bool then next else 0) + (if (Nat.eqb j k && Nat.ltb j m)%bool then own else 0) in
  let onward k := if Nat.ltb (S k) m then shown / 2 else 0 in
  {|
  lstm_f := no_weights;
  lstm_i := no_weights;
  lstm_g := {| W := row (- (p / 4)) p; U := vec [(m - 1) |-> eps * (if Nat.even n then p else p / 2)];
    b := first m (fun k => ln 3 / 2 - (p * onward k - p / 4 * (shown / 2))) |};
  lstm_o := {| W := row 0 (- r); U := vec [(m - 1) |-> eps * (if Nat.even n then - r else 0)];
    b := first m (fun k => r * onward k) |};
  lstm_start := (first m (fun _ => shown / 2), first m (fun _ => 1 / 2));
  lstm_out := {| V := vec [0 |-> / eps]; v0 := - (shown / 2) / eps |} |}.

(** 2d numbers with d units, and an error that is at most proportional to eps. *)
Definition C10_lstm : Prop := forall d n M, (1 <= n <= 2 * d)%nat -> 0 < M ->
  exists B, forall eps, 0 < eps -> copies (B * eps) M n (lstm_output d (C10_lstm_weights n eps)).

(** C11: a linear state with non-commuting input-dependent transitions; exact on R, for ever. *)
Definition C11_weights : bilinear := {|
  bilinear_a := {| W := mat [1 & 1 |-> 1]; U := vec [1 |-> 1]; b := vec [0 |-> 1] |};
  bilinear_x := {| W := mat [1 & 0 |-> -1]; U := vec []; b := vec [] |};
  bilinear_start := zero;
  bilinear_out := {| V := vec [1 |-> 1]; v0 := 0 |} |}.

Definition C11 : Prop := forall d, (2 <= d)%nat -> recalls_forever 0 reals (bilinear_output d C11_weights).

(** C12: ReLU on R at one n <= d - 2 (n = 1: two units). *)
Definition C12_weights (n : nat) : elman := {|
  elman_h := {|
    W := fun k => match k with
      | 0 | 1 => vec []
      | 2 => vec (if Nat.leb n 1 then [] else [2 |-> 1; 0 |-> 1; 1 |-> 1])
      | 3 => vec (if Nat.leb n 1 then [] else [2 |-> 1; 0 |-> 2])
      | _ => vec (if Nat.leb k (n + 1) then [(k - 1) |-> 1; 0 |-> 1; 1 |-> 1] else [])
      end%nat;
    U := vec [0 |-> 1; 1 |-> -1];
    b := vec [] |};
  elman_start := zero;
  elman_out := {| V := vec (if Nat.leb n 1 then [0 |-> 1; 1 |-> -1] else [(n + 1) |-> 1; 2 |-> -1]); v0 := 0 |} |}.

Definition C12 : Prop := forall d n, (1 <= n)%nat -> (n + 2 <= d \/ n = 1 /\ 2 <= d)%nat ->
  recalls_at 0 reals n (relu_output d (C12_weights n)).

(** C13: two stacked diagonal layers with a ReLU between; exact on the box, for ever. *)
Definition C13_weights (M : R) : stacked := {|
  stacked_ap := vec [0 |-> / 2];
  stacked_p := {| W := mat []; U := vec []; b := vec [0 |-> 1] |};
  stacked_u := {| W := mat [0 & 0 |-> -4 * M]; U := vec [0 |-> 1]; b := vec [0 |-> 5 * M] |};
  stacked_ah := vec [0 |-> 1];
  stacked_start := (zero, zero);
  stacked_out := {| V := vec [0 |-> 1]; v0 := - M |} |}.

Definition C13 : Prop := forall d M, (1 <= d)%nat -> 0 < M ->
  recalls_forever 0 (box M) (stacked_output d (C13_weights M)).

(** C14, C15: filters with constant gates, n distinct poles. A network with weights V that outputs the sum of g_j x_(t-j), g
    its response, recalls as well as g is near the wanted one; and distinct poles reach every response. *)
Definition delayed (n j : nat) : R := if Nat.eqb (S j) n then 1 else 0.

Definition halved (n j : nat) : R := / 2 ^ (n - 1 - j).

Definition within (r : R) (n : nat) (g wanted : nat -> R) : Prop := forall j, (j < n)%nat -> Rabs (g j - wanted j) <= r.

Definition delays {weights : Type} (n : nat) (y : weights -> network) (g : weights -> nat -> R) (distinct : Prop) : Prop :=
  (forall V, within 0 n (g V) (delayed n) -> recalls_at 0 reals n (y V)) /\
  (forall V r M, 0 <= M -> within r n (g V) (delayed n) -> recalls_at (INR n * r * M) (box M) n (y V)) /\
  (distinct -> exists V, within 0 n (g V) (delayed n)).

Definition halves {weights : Type} (n : nat) (y : weights -> network) (g : weights -> nat -> R) (distinct : Prop) : Prop :=
  (forall V r M, 0 <= M -> within r n (g V) (halved n) ->
    recalls_upto (M * (1 - / 2 ^ (n - 1)) + INR n * r * M) (box M) n (y V)) /\
  (distinct -> exists V, within 0 n (g V) (halved n)).

Definition constant_gate (v : vector) : gate := {| W := mat []; U := vec []; b := v |}.
Definition input_gate (v : vector) : gate := {| W := mat []; U := v; b := vec [] |}.
Definition first_units (n : nat) (v : vector) : readout := {| V := first n v; v0 := 0 |}.
Definition ones : vector := fun _ => 1.

(** Unit k adds s_k x and multiplies by its pole a_k. *)
Definition pole_response (n : nat) (s a : vector) (v : vector) (j : nat) : R := sum n (fun k => v k * (s k * a k ^ j)).

Definition all_differ (n : nat) (a : vector) : Prop := forall j k, (j < k < n)%nat -> a j <> a k.

Definition C14 : Prop := forall d n a, (1 <= n <= d)%nat ->
  let w := affine_diagonal (constant_gate (first n a)) (input_gate (first n ones)) zero in
  delays n (fun v => diagonal_output d w (first_units n v)) (pole_response n ones a) (all_differ n a).

(** minGRU and minLSTM with the update gates sigmoid(c_k): poles 1 - sigmoid(c_k). *)
Definition min_networks (d n : nat) (c : vector) : list (vector -> network) :=
  let z := first n c in let candidate := input_gate (first n ones) in
  [fun v => diagonal_output d (mingru (constant_gate z) candidate zero) (first_units n v);
   fun v => diagonal_output d (minlstm (constant_gate (fun k => - z k)) (constant_gate z) candidate zero) (first_units n v)].

Definition min_response (n : nat) (c : vector) : vector -> nat -> R :=
  pole_response n (fun k => sigmoid (c k)) (fun k => 1 - sigmoid (c k)).

Definition C14_min : Prop := forall d n c y, (1 <= n <= d)%nat -> In y (min_networks d n c) ->
  delays n y (min_response n c) (all_differ n c).

Definition C15_min : Prop := forall d n c y, (1 <= n <= d)%nat -> In y (min_networks d n c) ->
  halves n y (min_response n c) (all_differ n c).

(** The selective SSM with the constant width softplus(0) = ln 2: poles 2^-A_k. *)
Definition selective_network (d n : nat) (A : vector) (v : vector) : network :=
  selective_output d (selective (constant_gate zero) (constant_gate (first n ones)) (first n A) zero) (fun _ => first_units n v).

Definition selective_response (n : nat) (A : vector) : vector -> nat -> R :=
  pole_response n (fun _ => ln 2) (fun k => exp (- (A k * ln 2))).

Definition C14_selective : Prop := forall d n A, (1 <= n <= d)%nat ->
  delays n (selective_network d n A) (selective_response n A) (all_differ n A).

Definition C15_selective : Prop := forall d n A, (1 <= n <= d)%nat ->
  halves n (selective_network d n A) (selective_response n A) (all_differ n A).

(** LRU, S4D, S5 of m complex units for n <= 2m: poles p_k + i q_k above the real axis, solved for the input weights (u, v). *)
Fixpoint spun (p q : R) (j : nat) : R * R :=
  match j with O => (1, 0) | S i => let (a, b) := spun p q i in (p * a - q * b, q * a + p * b) end.

Definition lru_network (d m : nat) (p q : vector) (w : vector * vector) : network := lru_output d {|
  lru_re := first m p; lru_im := first m q;
  lru_h := input_gate (first m (fst w)); lru_g := input_gate (first m (snd w));
  lru_start := (zero, zero); lru_out := first_units m ones |}.

Definition lru_response (m : nat) (p q : vector) (w : vector * vector) (j : nat) : R :=
  sum m (fun k => fst (spun (p k) (q k) j) * fst w k - snd (spun (p k) (q k) j) * snd w k).

Definition poles_differ (m : nat) (p q : vector) : Prop :=
  (forall k, (k < m)%nat -> 0 < q k) /\ forall j k, (j < k < m)%nat -> p j <> p k \/ q j <> q k.

Definition C14_lru : Prop := forall d m n p q, (1 <= n <= 2 * m)%nat -> (m <= d)%nat ->
  delays n (lru_network d m p q) (lru_response m p q) (poles_differ m p q).

Definition C15_lru : Prop := forall d m n p q, (1 <= n <= 2 * m)%nat -> (m <= d)%nat ->
  halves n (lru_network d m p q) (lru_response m p q) (poles_differ m p q).

(** C16: the lattice network, 2N - 1 units at points z with weights w: at inputs M and -M unit k multiplies by 1 + 1/z_k and
    1 + z_k. It has T5's floor as its error bound, for every n <= N and on the whole box; such points exist for every N. *)
Definition C16_weights (n : nat) (M : R) (z : vector) : diagonal := affine_diagonal
  {| W := mat []; U := first n (fun k => (/ z k - z k) / (2 * M)); b := first n (fun k => 1 + (/ z k + z k) / 2) |}
  {| W := mat []; U := first n (fun k => (1 + z k) / (2 * M)); b := first n (fun k => (1 - z k) / 2) |} zero.

Definition C16_points (N : nat) (z w : vector) : Prop :=
  (forall k, (k < 2 * N - 1)%nat -> z k <> 0 /\ 1 + z k <> 0) /\
  (forall i j, (i < N)%nat -> (j < N)%nat -> sum (2 * N - 1) (fun k => w k * (z k ^ i / z k ^ j)) = if Nat.eqb i j then 1 else 0) /\
  sum (2 * N - 1) (fun k => w k / (1 + z k)) = 1 / 2.

Definition C16 : Prop := forall d N M z w, (1 <= N)%nat -> (2 * N - 1 <= d)%nat -> 0 < M -> C16_points N z w ->
  let eta := / C (N - 1) ((N - 1) / 2) in
  recalls_upto (M * (1 - eta)) (box M) N (diagonal_output d (C16_weights (2 * N - 1) M z)
    (first_units (2 * N - 1) (fun k => 2 * eta * M * w k / (1 + z k)))).

Definition C16_exists : Prop := forall N, (1 <= N)%nat -> exists z w, C16_points N z w.
