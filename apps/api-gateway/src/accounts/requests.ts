import { Email, Locale, TimeZone, Username } from '@mentorhub/contracts';
import { z } from 'zod';

const withoutOuterBlanks = /^\S(?:.*\S)?$/su;

export const NewUser = z.strictObject({
  email: Email,
  username: Username.regex(withoutOuterBlanks, 'must not begin or end with a blank'),
  fullName: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]*$/u, 'must be one line without control characters')
    .optional(),
  locale: Locale.default('en'),
  timezone: TimeZone.default('UTC'),
});
export type NewUser = z.output<typeof NewUser>;

export const AddressRequest = z.strictObject({ email: Email });
export type AddressRequest = z.output<typeof AddressRequest>;

/** Any text: one that is no token is unknown like any other, and its bearer is told the same. */
const PresentedToken = z.string().min(1).max(512);

export const TokenConfirmation = z.strictObject({ token: PresentedToken });
export type TokenConfirmation = z.output<typeof TokenConfirmation>;

export const PasswordConfirmation = z.strictObject({ token: PresentedToken, password: z.string().min(8).max(200) });
export type PasswordConfirmation = z.output<typeof PasswordConfirmation>;
