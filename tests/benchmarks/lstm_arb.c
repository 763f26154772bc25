/* A plain LSTM loop on Arb: what a C programmer would write, to compare `verifier.run.Runner` with.

   f, i, o = sigma(W h + U x + b), g = tanh(W h + U x + b), c' = f c + i g, h' = o tanh(c'), y = V h' + v0, from h = c = 0.
   Each step evaluates 5 d transcendental functions. With "hoisted" the gates that read neither h nor x are evaluated once.

   usage     lstm_arb plain|hoisted < numbers
   numbers   bits, d, steps; for each gate f i o g: W (d*d, by rows), U (d), b (d); V (d); v0; the inputs (steps).
             Weights and inputs are rationals "p/q".
   output    CPU seconds of the loop (reading and converting the numbers is not counted), the last y as a ball,
             the versions of the library it was compiled against. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if __has_include(<flint/arb.h>)
#include <flint/arb.h>
#include <flint/fmpq.h>
#else
#include <arb.h>
#include <flint/fmpq.h>
#endif

enum { FORGET, ADMIT, OUTPUT, CANDIDATE, GATES };

static void read_text(char *text, const char *what)
{
    if (scanf("%4095s", text) != 1) {
        fprintf(stderr, "lstm_arb: the numbers end before %s\n", what);
        exit(2);
    }
}

static long read_long(const char *what)
{
    char text[4096];
    read_text(text, what);
    return atol(text);
}

static void read_balls(arb_ptr out, long count, long bits, const char *what)
{
    char text[4096];
    fmpq_t value;
    fmpq_init(value);
    for (long k = 0; k < count; k++) {
        read_text(text, what);
        if (fmpq_set_str(value, text, 10) != 0) {
            fprintf(stderr, "lstm_arb: %s holds %s, which is no rational\n", what, text);
            exit(2);
        }
        arb_set_fmpq(out + k, value, bits);
    }
    fmpq_clear(value);
}

/* 1/(1 + e^-v), and e^v/(1 + e^v) for v < 0 */
static void sigmoid(arb_t out, const arb_t v, arb_t work, long bits)
{
    if (arb_is_negative(v)) {
        arb_exp(work, v, bits);
        arb_add_ui(out, work, 1, bits);
        arb_div(out, work, out, bits);
    } else {
        arb_neg(work, v);
        arb_exp(work, work, bits);
        arb_add_ui(work, work, 1, bits);
        arb_inv(out, work, bits);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

int main(int count, char **arguments)
{
    if (count != 2 || (strcmp(arguments[1], "plain") && strcmp(arguments[1], "hoisted"))) {
        fprintf(stderr, "usage: lstm_arb plain|hoisted < numbers\n");
        return 2;
    }
    int hoist = !strcmp(arguments[1], "hoisted");
    long bits = read_long("bits"), d = read_long("d"), steps = read_long("steps"), columns = d + 1;

    /* row u of gate q: W[u, 0..d-1], U[u], so that one dot product with (h, x) and b[u] is the pre-activation */
    arb_ptr rows = _arb_vec_init(GATES * d * columns), bias = _arb_vec_init(GATES * d);
    for (int q = 0; q < GATES; q++) {
        for (long u = 0; u < d; u++)
            read_balls(rows + (q * d + u) * columns, d, bits, "W");
        for (long u = 0; u < d; u++)
            read_balls(rows + (q * d + u) * columns + d, 1, bits, "U");
        read_balls(bias + q * d, d, bits, "b");
    }
    arb_ptr read = _arb_vec_init(d), shift = _arb_vec_init(1), inputs = _arb_vec_init(steps);
    read_balls(read, d, bits, "V");
    read_balls(shift, 1, bits, "v0");
    read_balls(inputs, steps, bits, "the inputs");

    arb_ptr gate = _arb_vec_init(GATES * d), vector = _arb_vec_init(columns), cell = _arb_vec_init(d);
    char *fixed = calloc(GATES * d, 1);
    arb_t work, shown, y;
    arb_init(work);
    arb_init(shown);
    arb_init(y);

    double start = cpu_seconds();
    for (long t = 0; t < steps; t++) {
        arb_set(vector + d, inputs + t);
        for (long k = 0; k < GATES * d; k++) {
            if (fixed[k])
                continue;
            arb_dot(shown, bias + k, 0, rows + k * columns, 1, vector, 1, columns, bits);
            if (k / d == CANDIDATE)
                arb_tanh(gate + k, shown, bits);
            else
                sigmoid(gate + k, shown, work, bits);
            if (hoist && _arb_vec_is_zero(rows + k * columns, columns))
                fixed[k] = 1;
        }
        for (long u = 0; u < d; u++) {
            arb_mul(cell + u, cell + u, gate + FORGET * d + u, bits);
            arb_addmul(cell + u, gate + ADMIT * d + u, gate + CANDIDATE * d + u, bits);
            arb_tanh(shown, cell + u, bits);
            arb_mul(vector + u, gate + OUTPUT * d + u, shown, bits);
        }
        arb_dot(y, shift, 0, read, 1, vector, 1, d, bits);
    }
    double seconds = cpu_seconds() - start;

    char *text = arb_get_str(y, bits / 3, ARB_STR_MORE);
#ifdef ARB_VERSION
    printf("%.9f\n%s\nArb %s on FLINT %s\n", seconds, text, ARB_VERSION, FLINT_VERSION);
#else
    printf("%.9f\n%s\nFLINT %s\n", seconds, text, FLINT_VERSION);
#endif
    flint_free(text);
    _arb_vec_clear(rows, GATES * d * columns);
    _arb_vec_clear(bias, GATES * d);
    _arb_vec_clear(read, d);
    _arb_vec_clear(shift, 1);
    _arb_vec_clear(inputs, steps);
    _arb_vec_clear(gate, GATES * d);
    _arb_vec_clear(vector, columns);
    _arb_vec_clear(cell, d);
    arb_clear(work);
    arb_clear(shown);
    arb_clear(y);
    free(fixed);
    flint_cleanup();
    return 0;
}
