(** The cells, sequences and recall: what the theorems speak about.

    Read this file and statements.v to know what is proved; every other file is proof, checked by the kernel.
    The cells are those of verifier/cells.py, gate by gate; `verify proofs --kernel` compares them. *)

From Coq Require Import Reals List.
Import ListNotations.
Open Scope R_scope.

(** * Vectors of d units: functions of the unit's number 0, 1, ..., d-1. *)

Definition vector := nat -> R.
Definition matrix := nat -> nat -> R.

Fixpoint sum (d : nat) (f : nat -> R) : R :=
  match d with O => 0 | S k => sum k f + f k end.

Definition dot (d : nat) (v w : vector) : R := sum d (fun k => v k * w k).

Definition zero : vector := fun _ => 0.

(** Sparse weights, as listed by the constructions: [k |-> v] is entry k of a vector, [r & c |-> v] entry (r, c) of a
    matrix; entries at the same place add up. *)
Notation "k |-> v" := (@pair nat R k%nat v%R) (at level 60).
Notation "r & c |-> v" := (@pair (nat * nat) R (@pair nat nat r%nat c%nat) v%R) (at level 60, c at level 59).

Fixpoint vec (entries : list (nat * R)) : vector := fun k =>
  match entries with
  | [] => 0
  | (i, v) :: rest => (if Nat.eqb k i then v else 0) + vec rest k
  end.

Fixpoint mat (entries : list (nat * nat * R)) : matrix := fun k j =>
  match entries with
  | [] => 0
  | (r, c, v) :: rest => (if (Nat.eqb k r && Nat.eqb j c)%bool then v else 0) + mat rest k j
  end.

(** * Activations; [tanh] is the standard library's sinh/cosh. *)

Definition sigmoid (z : R) : R := / (1 + exp (- z)).
Definition relu (z : R) : R := Rmax 0 z.
Definition softplus (z : R) : R := ln (1 + exp z).

(** * Affine maps of the gates: (W h + U x + b)_k. *)

Record gate := Gate { W : matrix; U : vector; b : vector }.

Definition affine (d : nat) (g : gate) (h : vector) (x : R) : vector :=
  fun k => dot d (W g k) h + U g k * x + b g k.

Definition input_map (g : gate) (x : R) : vector := fun k => U g k * x + b g k.

(** A readout y = V h + v0. *)
Record readout := Readout { V : vector; v0 : R }.

Definition read (d : nat) (r : readout) (h : vector) : R := dot d (V r) h + v0 r.

(** * Sequences and runs: [x t] is the input read at step t = 1, 2, ...; [x 0] is never read. *)

Definition sequence := nat -> R.

Fixpoint run {state : Type} (step : state -> R -> state) (start : state) (x : sequence) (t : nat) : state :=
  match t with O => start | S t' => step (run step start x t') (x t) end.

(** * Cells. Each has [..._step], one step, and [..._output d w x n], the output y_n. *)

(** h' = act(W_h h + U_h x + b_h): linear (act = id), ReLU, tanh and sigmoid RNN. *)
Record elman := Elman { elman_h : gate; elman_start : vector; elman_out : readout }.

Definition elman_step (act : R -> R) (d : nat) (w : elman) (h : vector) (x : R) : vector :=
  fun k => act (affine d (elman_h w) h x k).

Definition elman_output (act : R -> R) (d : nat) (w : elman) (x : sequence) (n : nat) : R :=
  read d (elman_out w) (run (elman_step act d w) (elman_start w) x n).

Definition linear_output := elman_output (fun z => z).
Definition relu_output := elman_output relu.
Definition tanh_output := elman_output tanh.
Definition sigmoid_output := elman_output sigmoid.

(** LSTM; the state is (h, c). *)
Record lstm := Lstm {
  lstm_f : gate; lstm_i : gate; lstm_o : gate; lstm_g : gate;
  lstm_start : vector * vector; lstm_out : readout }.

Definition lstm_step (d : nat) (w : lstm) (s : vector * vector) (x : R) : vector * vector :=
  let (h, c) := s in
  let f k := sigmoid (affine d (lstm_f w) h x k) in
  let i k := sigmoid (affine d (lstm_i w) h x k) in
  let o k := sigmoid (affine d (lstm_o w) h x k) in
  let g k := tanh (affine d (lstm_g w) h x k) in
  let c' k := f k * c k + i k * g k in
  (fun k => o k * tanh (c' k), c').

Definition lstm_output (d : nat) (w : lstm) (x : sequence) (n : nat) : R :=
  read d (lstm_out w) (fst (run (lstm_step d w) (lstm_start w) x n)).

(** GRU. [after]: the reset gate multiplies the product W_n h + c_n, else h itself (then [gru_c] is not used);
    [keeps]: z is the share kept, else the share taken. *)
Record gru := Gru {
  gru_z : gate; gru_r : gate; gru_n : gate; gru_c : vector;
  gru_start : vector; gru_out : readout }.

Definition gru_step (after keeps : bool) (d : nat) (w : gru) (h : vector) (x : R) : vector :=
  let z k := sigmoid (affine d (gru_z w) h x k) in
  let r k := sigmoid (affine d (gru_r w) h x k) in
  let inner :=
    if after then fun k => r k * (dot d (W (gru_n w) k) h + gru_c w k) + input_map (gru_n w) x k
    else affine d (gru_n w) (fun j => r j * h j) x in
  let n k := tanh (inner k) in
  if keeps then fun k => z k * h k + (1 - z k) * n k
  else fun k => (1 - z k) * h k + z k * n k.

Definition gru_output (after keeps : bool) (d : nat) (w : gru) (x : sequence) (n : nat) : R :=
  read d (gru_out w) (run (gru_step after keeps d w) (gru_start w) x n).

(** A linear state with input-dependent transitions: h' = (W_a h + U_a x + b_a) + x (W_x h + U_x x + b_x). *)
Record bilinear := Bilinear { bilinear_a : gate; bilinear_x : gate; bilinear_start : vector; bilinear_out : readout }.

Definition bilinear_step (d : nat) (w : bilinear) (h : vector) (x : R) : vector :=
  fun k => affine d (bilinear_a w) h x k + x * affine d (bilinear_x w) h x k.

Definition bilinear_output (d : nat) (w : bilinear) (x : sequence) (n : nat) : R :=
  read d (bilinear_out w) (run (bilinear_step d w) (bilinear_start w) x n).

(** Two stacked diagonal layers with a ReLU between; the state is (h, p). *)
Record stacked := Stacked {
  stacked_ap : vector; stacked_p : gate; stacked_u : gate; stacked_ah : vector;
  stacked_start : vector * vector; stacked_out : readout }.

Definition stacked_step (d : nat) (w : stacked) (s : vector * vector) (x : R) : vector * vector :=
  let (h, p) := s in
  let p' k := stacked_ap w k * p k + input_map (stacked_p w) x k in
  let u k := relu (affine d (stacked_u w) p' x k) in
  (fun k => stacked_ah w k * h k + u k, p').

Definition stacked_output (d : nat) (w : stacked) (x : sequence) (n : nat) : R :=
  read d (stacked_out w) (fst (run (stacked_step d w) (stacked_start w) x n)).

(** One diagonal layer with any input-dependent gates: h' = a(x)∘h + b(x). *)
Record diagonal := Diagonal { diagonal_a : R -> vector; diagonal_b : R -> vector; diagonal_start : vector }.

Definition diagonal_step (w : diagonal) (h : vector) (x : R) : vector :=
  fun k => diagonal_a w x k * h k + diagonal_b w x k.

Definition diagonal_state (w : diagonal) (x : sequence) (n : nat) : vector :=
  run (diagonal_step w) (diagonal_start w) x n.

Definition diagonal_output (d : nat) (w : diagonal) (out : readout) (x : sequence) (n : nat) : R :=
  read d out (diagonal_state w x n).

(** The same with a readout that also sees the last input, as in selective state-space models. *)
Definition selective_output (d : nat) (w : diagonal) (out : R -> readout) (x : sequence) (n : nat) : R :=
  read d (out (x n)) (diagonal_state w x n).

(** Members of the family by their gates: gates affine in x, minGRU, minLSTM, selective state-space model. *)
Definition affine_diagonal (ga gb : gate) (start : vector) : diagonal := Diagonal (input_map ga) (input_map gb) start.

Definition mingru (gz gn : gate) (start : vector) : diagonal :=
  let z x k := sigmoid (input_map gz x k) in
  Diagonal (fun x k => 1 - z x k) (fun x k => z x k * input_map gn x k) start.

Definition minlstm (gf gi gn : gate) (start : vector) : diagonal :=
  let z x k := sigmoid (softplus (- input_map gf x k) - softplus (- input_map gi x k)) in
  Diagonal (fun x k => 1 - z x k) (fun x k => z x k * input_map gn x k) start.

Definition selective (gd gB : gate) (A start : vector) : diagonal :=
  let width x k := softplus (input_map gd x k) in
  Diagonal (fun x k => exp (- (A k * width x k))) (fun x k => width x k * input_map gB x k * x) start.

(** Complex diagonal and time-invariant (LRU, S4D, S5); the state is (h, g), the complex number h + ig. *)
Record lru := Lru {
  lru_re : vector; lru_im : vector; lru_h : gate; lru_g : gate; lru_start : vector * vector; lru_out : readout }.

Definition lru_step (w : lru) (s : vector * vector) (x : R) : vector * vector :=
  let (h, g) := s in
  (fun k => lru_re w k * h k - lru_im w k * g k + input_map (lru_h w) x k,
   fun k => lru_im w k * h k + lru_re w k * g k + input_map (lru_g w) x k).

Definition lru_output (d : nat) (w : lru) (x : sequence) (n : nat) : R :=
  read d (lru_out w) (fst (run (lru_step w) (lru_start w) x n)).

(** * First-input recall. A network is the map from a sequence and a time n to the output y_n. *)

Definition network := sequence -> nat -> R.
Definition domain := sequence -> Prop.

Definition box (M : R) : domain := fun x => forall t, Rabs (x t) <= M.
Definition reals : domain := fun _ => True.

(** p equispaced points of [-M, M], ends included. *)
Definition grid (p : nat) (M : R) : domain := fun x =>
  forall t, exists k, (k < p)%nat /\ x t = - M + 2 * INR k * (M / INR (p - 1)).

(** |y_n - x_1| <= delta for every sequence of the domain: at n, at every n <= N, at every n >= 1. *)
Definition recalls_at (delta : R) (D : domain) (n : nat) (y : network) : Prop :=
  forall x, D x -> Rabs (y x n - x 1%nat) <= delta.

Definition recalls_upto (delta : R) (D : domain) (N : nat) (y : network) : Prop :=
  forall n, (1 <= n <= N)%nat -> recalls_at delta D n y.

Definition recalls_forever (delta : R) (D : domain) (y : network) : Prop :=
  forall n, (1 <= n)%nat -> recalls_at delta D n y.

(** The error at n is exactly e: the least upper bound of |y_n - x_1|. *)
Definition error_is (e : R) (D : domain) (n : nat) (y : network) : Prop :=
  is_lub (fun r => exists x, D x /\ r = Rabs (y x n - x 1%nat)) e.
