import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a mentor teaches. */
@Entity({ schema: 'gateway', name: 'course' })
export class Course {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  title!: string;

  @Column('uuid', { name: 'mentor_id' })
  mentorId!: string;

  @Column('timestamptz', { name: 'published_at' })
  publishedAt!: Date;
}
