import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A meeting of a student and a mentor. Rows may be imported by SQL; the sweep finds what they lack. */
@Entity({ schema: 'gateway', name: 'session' })
export class Session {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'student_id' })
  studentId!: string;

  @Column('uuid', { name: 'mentor_id' })
  mentorId!: string;

  @Column('timestamptz', { name: 'starts_at' })
  startsAt!: Date;

  @Column('integer', { name: 'duration_minutes' })
  durationMinutes!: number;

  /** Raised by each move. */
  @Column('integer')
  version!: number;

  /** The version that its reminder was enqueued for. */
  @Column('integer', { name: 'reminded_version', nullable: true })
  remindedVersion!: number | null;

  @Column('timestamptz', { name: 'cancelled_at', nullable: true })
  cancelledAt!: Date | null;

  /** When it ended; set once that has been told. */
  @Column('timestamptz', { name: 'held_at', nullable: true })
  heldAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
