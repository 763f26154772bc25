(** Interval arithmetic over whole numbers of unlimited size: CoqInterval without the primitive integers and their axioms. *)

From Interval Require Import Float.Specific_stdz Float.Specific_ops Tactic.

Module Whole := SpecificFloat StdZRadix2.
Module Decide := IntervalTactic Whole.
