// SPDX-License-Identifier: GPL-2.0
/*
 * expression.c - a file for gcc to compile, run by scripts/lab.d/programs.py: a reader of
 * arithmetic expressions, trees that are simplified, code for a small machine, and the machine.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { NUMBER, VARIABLE, NEGATE, ADD, SUB, MUL, DIV, MOD, AND, OR, XOR };

/* A higher level binds closer. */
static const struct {
	char sign;
	int level;
} operators[] = {
	[ADD] = { '+', 1 }, [SUB] = { '-', 1 }, [MUL] = { '*', 2 }, [DIV] = { '/', 2 },
	[MOD] = { '%', 2 }, [AND] = { '&', 0 }, [OR] = { '|', 0 }, [XOR] = { '^', 0 },
};

struct node {
	enum kind kind;
	long value;
	struct node *left, *right;
};

struct code {
	enum kind kind;
	long value;
};

struct machine {
	struct code *code;
	size_t nr, room;
	long stack[64];
	long variables[26];
};

static const char *text;

static struct node *node(enum kind kind, long value, struct node *left, struct node *right)
{
	struct node *new = malloc(sizeof(*new));

	if (!new)
		exit(1);
	*new = (struct node){ kind, value, left, right };
	return new;
}

static void free_tree(struct node *tree)
{
	if (!tree)
		return;
	free_tree(tree->left);
	free_tree(tree->right);
	free(tree);
}

static void skip(void)
{
	while (isspace((unsigned char)*text))
		text++;
}

static int level_of(enum kind kind)
{
	return kind < ADD ? -1 : operators[kind].level;
}

static int operator_of(char sign, enum kind *kind)
{
	for (*kind = ADD; *kind <= XOR; ++*kind)
		if (operators[*kind].sign == sign)
			return 1;
	return 0;
}

static struct node *expression(int level);

static struct node *operand(void)
{
	struct node *inner;

	skip();
	if (*text == '-') {
		text++;
		return node(NEGATE, 0, operand(), NULL);
	}
	if (*text == '(') {
		text++;
		inner = expression(0);
		skip();
		if (*text == ')')
			text++;
		return inner;
	}
	if (islower((unsigned char)*text))
		return node(VARIABLE, *text++ - 'a', NULL, NULL);
	return node(NUMBER, strtol(text, (char **)&text, 10), NULL, NULL);
}

static struct node *expression(int level)
{
	struct node *left = operand();
	enum kind kind;

	for (;;) {
		skip();
		if (!operator_of(*text, &kind) || level_of(kind) < level)
			return left;
		text++;
		left = node(kind, 0, left, expression(level_of(kind) + 1));
	}
}

static long calculate(enum kind kind, long a, long b)
{
	switch (kind) {
	case ADD:
		return a + b;
	case SUB:
		return a - b;
	case MUL:
		return a * b;
	case DIV:
		return b ? a / b : 0;
	case MOD:
		return b ? a % b : 0;
	case AND:
		return a & b;
	case OR:
		return a | b;
	case XOR:
		return a ^ b;
	default:
		return -a;
	}
}

static int is_number(const struct node *tree, long value)
{
	return tree && tree->kind == NUMBER && tree->value == value;
}

/* Replace @tree by one of its children, or by a number. */
static struct node *replace(struct node *tree, struct node *child, long number)
{
	if (!child)
		child = node(NUMBER, number, NULL, NULL);
	else if (child == tree->left)
		tree->left = NULL;
	else
		tree->right = NULL;
	free_tree(tree);
	return child;
}

/* Apply what is true of any operand of an operator: that a + 0 is a, and so on. */
static struct node *apply_rules(struct node *tree, struct node *left, struct node *right)
{
	int adds = tree->kind == ADD || tree->kind == OR || tree->kind == XOR;
	int scales = tree->kind == MUL || tree->kind == AND;

	if (scales && (is_number(left, 0) || is_number(right, 0)))
		return replace(tree, NULL, 0);
	if ((adds && is_number(left, 0)) || (tree->kind == MUL && is_number(left, 1)))
		return replace(tree, right, 0);
	if ((adds || tree->kind == SUB) && is_number(right, 0))
		return replace(tree, left, 0);
	if ((tree->kind == MUL || tree->kind == DIV) && is_number(right, 1))
		return replace(tree, left, 0);
	return tree;
}

static struct node *simplify(struct node *tree)
{
	struct node *left, *right;
	long value;

	if (!tree || tree->kind == NUMBER || tree->kind == VARIABLE)
		return tree;
	tree->left = simplify(tree->left);
	tree->right = simplify(tree->right);
	left = tree->left;
	right = tree->right;
	if (left->kind != NUMBER || (right && right->kind != NUMBER))
		return apply_rules(tree, left, right);
	value = calculate(tree->kind, left->value, right ? right->value : 0);
	return replace(tree, NULL, value);
}

static void emit(struct machine *machine, enum kind kind, long value)
{
	if (machine->nr == machine->room) {
		machine->room = machine->room ? 2 * machine->room : 16;
		machine->code = realloc(machine->code, machine->room * sizeof(*machine->code));
		if (!machine->code)
			exit(1);
	}
	machine->code[machine->nr++] = (struct code){ kind, value };
}

static void compile(struct machine *machine, const struct node *tree)
{
	if (tree->left)
		compile(machine, tree->left);
	if (tree->right)
		compile(machine, tree->right);
	emit(machine, tree->kind, tree->value);
}

static long execute(struct machine *machine)
{
	long *top = machine->stack, operand;
	size_t i;

	for (i = 0; i < machine->nr; i++) {
		const struct code *code = &machine->code[i];

		switch (code->kind) {
		case NUMBER:
			*top++ = code->value;
			break;
		case VARIABLE:
			*top++ = machine->variables[code->value];
			break;
		case NEGATE:
			top[-1] = -top[-1];
			break;
		default:
			operand = *--top;
			top[-1] = calculate(code->kind, top[-1], operand);
		}
	}
	return top == machine->stack ? 0 : top[-1];
}

static void print(const struct node *tree, int level)
{
	switch (tree->kind) {
	case NUMBER:
		printf("%ld", tree->value);
		break;
	case VARIABLE:
		putchar('a' + (int)tree->value);
		break;
	case NEGATE:
		putchar('-');
		print(tree->left, 3);
		break;
	default:
		if (level_of(tree->kind) < level)
			putchar('(');
		print(tree->left, level_of(tree->kind));
		printf(" %c ", operators[tree->kind].sign);
		print(tree->right, level_of(tree->kind) + 1);
		if (level_of(tree->kind) < level)
			putchar(')');
	}
}

int main(void)
{
	struct machine machine = { .variables = { 1, 2, 3, 4, 5 } };
	char line[1000];

	while (fgets(line, sizeof(line), stdin)) {
		struct node *tree;

		text = line;
		tree = simplify(expression(0));
		print(tree, 0);
		machine.nr = 0;
		compile(&machine, tree);
		printf(" = %ld\n", execute(&machine));
		free_tree(tree);
	}
	free(machine.code);
	return 0;
}
