import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Someone who signed up. The address is unique whatever its case; the password is set by the reset flow. */
@Entity({ schema: 'gateway', name: 'user_account' })
export class User {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  email!: string;

  @Column('text')
  username!: string;

  @Column('text', { name: 'full_name', nullable: true })
  fullName!: string | null;

  @Column('text')
  locale!: 'en' | 'ru';

  /** An IANA name. */
  @Column('text')
  timezone!: string;

  @Column('text', { name: 'password_hash', nullable: true, select: false })
  passwordHash?: string | null;

  @Column('timestamptz', { name: 'email_verified_at', nullable: true })
  emailVerifiedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
